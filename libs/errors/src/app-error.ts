import { commonErrors, type CommonCode } from './common-errors'
import type { ErrorKind, ErrorTable } from './table'

/** One fault of a request: where (`body.age`, `query.page`) and what is expected there. */
export interface FieldError {
  path: string
  message: string
}

interface AppErrorOptions {
  /** The faults, field by field, for `validation_failed`. */
  errors?: readonly FieldError[]
  /** Seconds after which a retry makes sense: becomes the Retry-After header. */
  retryAfterSeconds?: number
  /** Further response headers, such as Allow. */
  headers?: Readonly<Record<string, string>>
  /** What lies behind it: logged, never answered. */
  cause?: unknown
}

/**
 * An error that the caller gets: its code leads to the status, its message becomes `detail`. This one takes the codes that
 * any service has; a service extends it with a table of its own.
 */
export class AppError<Code extends string = CommonCode> extends Error {
  /** The codes that `new AppError` takes, with what each means. */
  static readonly table: ErrorTable = commonErrors

  override readonly name = 'AppError'
  readonly errors: readonly FieldError[] | undefined
  readonly retryAfterSeconds: number | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(
    // Not inferred: only the codes of the class will do.
    readonly code: NoInfer<Code>,
    detail: string,
    options: AppErrorOptions = {},
  ) {
    super(detail, { cause: options.cause })
    this.errors = options.errors
    this.retryAfterSeconds = options.retryAfterSeconds
    this.headers = options.headers ?? {}
  }

  get kind(): ErrorKind {
    return (this.constructor as typeof AppError).table[this.code]!
  }

  get status(): number {
    return this.kind.status
  }
}

/** An AppError of a library or of any service. */
export type AnyAppError = AppError<string>

/** Whether an error has an answer, whichever table its code is in. */
export const isAppError = (error: unknown): error is AnyAppError => error instanceof AppError
