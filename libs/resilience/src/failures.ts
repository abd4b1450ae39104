import { isAxiosError } from 'axios'

export const UNAVAILABLE_REASONS = [
  'timeout', // no whole answer within the time limit
  'deadline', // no whole answer within the time that its own caller had left, which was less
  'refused', // nobody listens
  'unreachable', // no connection could be made: no such host, no route, no TLS
  'reset', // the connection broke
  'status', // 5xx but 501
  'invalid_answer', // not HTTP, not the JSON it says it is, or too large
  'rate_limited', // 429
  'open', // not asked: the breaker is open, or enough trials are under way
  'saturated', // not asked: as many calls as allowed are under way
  'closed', // not asked, or cut off: this client was closed
] as const

export type UnavailableReason = (typeof UNAVAILABLE_REASONS)[number]

/** A service gave no usable answer. Safe to log whole: it has no headers, bodies or query of the request. */
export class ServiceUnavailableError extends Error {
  override readonly name = 'ServiceUnavailableError'
  readonly service: string
  readonly reason: UnavailableReason
  /** When asking again makes sense: whole seconds, at least 1. */
  readonly retryAfterSeconds: number
  /** The service itself told when to ask again. */
  readonly asksToWait: boolean

  constructor(failure: {
    service: string
    reason: UnavailableReason
    detail: string
    retryAfterSeconds?: number
    cause?: unknown
  }) {
    super(`${failure.service} is unavailable (${failure.reason}): ${failure.detail}`, {
      cause: failure.cause,
    })
    this.service = failure.service
    this.reason = failure.reason
    this.asksToWait = failure.retryAfterSeconds !== undefined
    this.retryAfterSeconds = Math.max(1, Math.ceil(failure.retryAfterSeconds ?? 1))
  }
}

/** Whether it failed at once, and might not have a moment later: a process was replaced, a connection broke. */
export const mayPass = (error: unknown) =>
  error instanceof ServiceUnavailableError &&
  (['refused', 'reset', 'status'] as UnavailableReason[]).includes(error.reason) &&
  !error.asksToWait

const REASON_OF_CODE = new Map<string | undefined, UnavailableReason>([
  ['ECONNREFUSED', 'refused'],
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['ETIMEDOUT', 'timeout'],
  ['ERR_BAD_RESPONSE', 'invalid_answer'],
])

/** How an exchange failed; undefined when that was not the service's doing: our own request was wrong. */
export function reasonOf(error: unknown): UnavailableReason | undefined {
  if (!isAxiosError(error)) return undefined
  const code = error.code ?? ''
  if (/^ERR_(BAD_REQUEST|BAD_OPTION|INVALID_URL)/.test(code)) return undefined
  // axios has one code for an answer cut short and for one that is too large.
  if (error.message === 'stream has been aborted') return 'reset'
  if (/^(HPE_|Z_)/.test(code)) return 'invalid_answer'
  return REASON_OF_CODE.get(code) ?? 'unreachable'
}

/** The error without axios' copy of the request, which holds the Authorization header and the body. */
export function withoutRequest(error: unknown): unknown {
  return isAxiosError(error) ? (error.cause ?? new Error(error.message)) : error
}
