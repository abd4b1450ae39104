import { AppError } from '../domain/errors'
import { spanOfMany, type Span } from '@ordinal/tracing'
import type { Issued, LedgerRequest } from './request'

/** A request in a queue, or under way. */
export interface Waiting {
  request: LedgerRequest
  /** Whether the caller gave the key; if not, it was generated for this request alone. */
  keyIsCallers: boolean
  /** Its key may have been used before. */
  lookUp: boolean
  /** It is with the database at this moment. */
  sent: boolean
  /** A statement that may have carried it out was lost. */
  outcomeUnknown: boolean
  /** On the clock of `performance.now()`. */
  expiresAtMs: number
  /** Its caller set a shorter deadline than `requestTimeoutMs`. */
  hasShortDeadline: boolean
  resolve: (issued: Issued) => void
  reject: (error: unknown) => void
}

/** Where requests queue that go together in one statement. */
export interface Lane {
  /** No two lanes with the same name are at work at the same time. */
  name: string
  prefix: string
  /**
   * Carries out a batch in one transaction, as a part of the span if there is one; returns the function that then answers its
   * requests.
   */
  carryOut(batch: Waiting[], span: Span | undefined): Promise<() => void>
  /** Whether a request may go together with those of other lanes in one transaction. */
  goesTogether(request: LedgerRequest): boolean
}

/** The requests of a lane that go together in one statement. */
export interface LaneBatch {
  lane: Lane
  batch: Waiting[]
}

/** Begins the span of a batch, if one of its requests is in a trace that is recorded. */
export const spanOfBatch = (batch: readonly Waiting[]): Span | undefined =>
  spanOfMany(batch.map(spanOfRequest), 'group commit')

const spanOfRequest = ({ request: { span } }: Waiting) => span

// A longer statement saves little more for each request, and all in it wait for its end.
const maxBatchRequests = 512
const maxBatchNumbers = 4096

/** Takes as many requests from a queue as go into one statement, which is for one business date. */
export function takeBatch(queue: Waiting[]): Waiting[] {
  let numbers = 0
  const end = queue.slice(0, maxBatchRequests).findIndex(({ request }, index) => {
    numbers += request.count
    const isOfAnotherDate = request.business_date !== queue[0]!.request.business_date
    return index > 0 && (numbers > maxBatchNumbers || isOfAnotherDate)
  })
  return queue.splice(0, end === -1 ? maxBatchRequests : end)
}

/** Rejects the requests whose deadline has passed, and returns the others. */
export function dropExpired(batch: Waiting[], cause?: unknown): Waiting[] {
  const now = performance.now()
  const inTime = batch.filter(({ expiresAtMs }) => expiresAtMs > now)
  if (inTime.length === batch.length) return batch
  const late = batch.filter(({ expiresAtMs }) => expiresAtMs <= now)
  // A short deadline that passes is no sign that the database is away.
  const beforeDeadline = 'Nothing was issued or changed before the deadline of the caller; allow more time'
  rejectEach(
    late.filter((waiting) => waiting.hasShortDeadline),
    new AppError('deadline_exceeded', beforeDeadline, { cause }),
    cause,
  )
  const unavailable = 'The database does not answer, or cannot write; nothing was issued or changed'
  rejectEach(
    late.filter((waiting) => !waiting.hasShortDeadline),
    new AppError('database_unavailable', unavailable, { retryAfterSeconds: 1, cause }),
    cause,
  )
  return inTime
}

/**
 * Rejects all of a batch with the same error, and leaves none to try again. Requests that a statement may have carried
 * out, because it was lost or is under way, get `outcome_unknown` instead.
 */
export function rejectAll(batch: Waiting[], error: unknown): [] {
  return rejectEach(batch, error, error)
}

/** @param cause of `outcome_unknown`: an error that says that nothing was issued is none */
function rejectEach(batch: Waiting[], error: unknown, cause: unknown): [] {
  for (const { request, sent, outcomeUnknown, reject } of batch)
    reject(sent || outcomeUnknown ? unconfirmed(request.key, cause) : error)
  return []
}

/** The error for a request that may have been carried out, or not. */
export function unconfirmed(key: string, cause?: unknown): AppError {
  const detail = `The database did not confirm in time; repeat the request with the Idempotency-Key ${key} to learn what it got`
  return new AppError('outcome_unknown', detail, { retryAfterSeconds: 1, cause })
}
