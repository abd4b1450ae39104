import type { Problem } from './problem'

/** A call that was not carried out, or of which that is not known. No error holds a credential, or a request's headers. */
export abstract class OrdinalError extends Error {
  /** How often the service was asked. */
  readonly attempts: number

  constructor(message: string, { attempts, cause }: { attempts: number; cause?: unknown }) {
    super(message, { cause })
    this.name = new.target.name
    this.attempts = attempts
  }
}

/** No answer came: nothing listens, the connection broke, or an attempt took too long. */
export class ConnectionError extends OrdinalError {}

/** The time for the whole call is over. What was asked for may still happen: ask again with the same key. */
export class CallTimeoutError extends OrdinalError {}

/**
 * What answered is not the service: a redirect, a page of HTML, JSON of another form; the address may be wrong, or something in
 * between may answer in its place. Asking again would not help. Of a write it is not known whether it was carried out.
 */
export class UnexpectedAnswerError extends OrdinalError {
  /** That of the answer; 0 where it is hidden, as browsers hide that of a redirect. */
  readonly status: number

  constructor(message: string, { status, ...more }: { status: number; attempts: number; cause?: unknown }) {
    super(message, more)
    this.status = status
  }
}

/** The service answered that it does not do what was asked. The class says of which kind, `code` exactly why. */
export class ProblemError extends OrdinalError {
  readonly status: number
  /** `order_numbers_exhausted`; each is explained at `/errors/{code}` of the service. */
  readonly code: string
  /** For the service's log. */
  readonly requestId: string
  /** When to ask again, if the service says it. */
  readonly retryAfterMs: number | undefined
  readonly problem: Problem

  constructor(problem: Problem, more: { attempts: number; retryAfterMs?: number | undefined }) {
    super(`${problem.code}: ${problem.detail}`, more)
    this.problem = problem
    this.status = problem.status
    this.code = problem.code
    this.requestId = problem.request_id
    this.retryAfterMs = more.retryAfterMs
  }
}

/** 400, 413, 415, 422 and others: the request as it is will never be carried out. */
export class InvalidRequestError extends ProblemError {}
/** 401: no key or token, or one that is not valid. */
export class AuthenticationError extends ProblemError {}
/** 403: the caller may not do that. */
export class PermissionError extends ProblemError {}
/** 404. */
export class NotFoundError extends ProblemError {}
/** 409: the state of what it is about does not allow it. */
export class ConflictError extends ProblemError {}
/** 412: it has changed since it was read. */
export class ChangedMeanwhileError extends ProblemError {}
/** 429: a limit or a quota. */
export class RateLimitedError extends ProblemError {}
/** 5xx: the service, or one that it needs, cannot answer now. */
export class ServiceError extends ProblemError {}
/** 503 `outcome_unknown`: it may have happened. The same call with the same key finds out. */
export class OutcomeUnknownError extends ServiceError {}

const byStatus: Readonly<Record<number, typeof ProblemError>> = {
  401: AuthenticationError,
  403: PermissionError,
  404: NotFoundError,
  409: ConflictError,
  412: ChangedMeanwhileError,
  429: RateLimitedError,
}

/** The error of the class that fits a problem. */
export function errorOf(
  problem: Problem,
  more: { attempts: number; retryAfterMs?: number | undefined },
): ProblemError {
  if (problem.code === 'outcome_unknown') return new OutcomeUnknownError(problem, more)
  const Class = byStatus[problem.status] ?? (problem.status >= 500 ? ServiceError : InvalidRequestError)
  return new Class(problem, more)
}
