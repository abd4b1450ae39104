import { errorTable, type ErrorCode } from './table'

/** One fault of a request: where (`body.age`, `query.page`) and what is expected there. */
export interface FieldError {
  path: string
  message: string
}

export interface AppErrorOptions {
  /** The faults, field by field, for `validation_failed`. */
  errors?: readonly FieldError[]
  /** Seconds after which a retry makes sense: becomes the Retry-After header. */
  retryAfterSeconds?: number
  /** Further response headers, such as Allow. */
  headers?: Readonly<Record<string, string>>
  /** What lies behind it: logged, never answered. */
  cause?: unknown
}

/** An error that the caller is told about: its code leads to the status, its message becomes `detail`. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly errors: readonly FieldError[] | undefined
  readonly retryAfterSeconds: number | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(
    readonly code: ErrorCode,
    detail: string,
    options: AppErrorOptions = {},
  ) {
    super(detail, { cause: options.cause })
    this.errors = options.errors
    this.retryAfterSeconds = options.retryAfterSeconds
    this.headers = options.headers ?? {}
  }

  get status(): number {
    return errorTable[this.code].status
  }
}
