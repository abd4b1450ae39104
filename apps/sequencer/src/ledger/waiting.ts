import { AppError } from '@ordinal/errors'
import { fingerprintOf, sameRequest, type Issued, type IssueRequest } from './request'
import type { BatchedRequest, ReplayedNumber } from './statements'

const maxBatchRequests = 512
const maxBatchNumbers = 4096

/** A request in a queue, or under way. */
export interface Waiting {
  request: IssueRequest
  row: BatchedRequest
  /** Its key may have been used before. */
  lookUp: boolean
  /** A statement that may have issued it was lost. */
  outcomeUnknown: boolean
  /** On the clock of `performance.now()`. */
  expiresAtMs: number
  resolve(issued: Issued): void
  reject(error: unknown): void
}

/** Takes as many requests from a queue as go into one statement. */
export function takeBatch(queue: Waiting[]): Waiting[] {
  let numbers = 0
  const end = queue.slice(0, maxBatchRequests).findIndex(({ request }, index) => {
    numbers += request.count
    return index > 0 && numbers > maxBatchNumbers
  })
  return queue.splice(0, end === -1 ? maxBatchRequests : end)
}

/** Answers the requests whose time has passed, and gives the others. */
export function dropExpired(batch: Waiting[], cause?: unknown): Waiting[] {
  const now = performance.now()
  const inTime = batch.filter(({ expiresAtMs }) => expiresAtMs > now)
  if (inTime.length === batch.length) return batch
  for (const waiting of batch) {
    if (waiting.expiresAtMs <= now)
      waiting.reject(waiting.outcomeUnknown ? outcomeUnknown(waiting, cause) : databaseAway(cause))
  }
  return inTime
}

/** Gives all of a batch the same error, and none back to try again. */
export function rejectAll(batch: Waiting[], error: unknown): [] {
  for (const waiting of batch) waiting.reject(error)
  return []
}

/** Answers a request with what its key got before, if it was the same request. */
export function answerReplay(waiting: Waiting, found: ReplayedNumber[]): void {
  const { request, row } = waiting
  const { client_id, generated_by, business_date, period } = found[0]!
  const before = {
    count: found.length,
    clientId: client_id,
    generatedBy: generated_by,
    businessDate: business_date,
  }
  if (!sameRequest(before, fingerprintOf(request))) return waiting.reject(keyReused(row.key))
  const numbers = found.map(({ value, number, state }) => ({ value, number, state }))
  // A key that was made here can only be found because of an earlier attempt at this very request.
  waiting.resolve({ period, numbers, replayed: request.idempotencyKey !== undefined })
}

/** A request as the ledger takes it. */
export function rowOf(request: IssueRequest, key: string): BatchedRequest {
  return {
    caller: request.caller,
    key,
    count: request.count,
    client_id: request.clientId,
    generated_by: request.generatedBy,
    business_date: request.businessDate,
    request_id: request.requestId,
  }
}

export const keyReused = (key: string) =>
  new AppError('idempotency_key_reused', `The key "${key}" belongs to another request`)

const databaseAway = (cause: unknown) =>
  new AppError('database_unavailable', 'The database does not answer; no number was issued', {
    retryAfterSeconds: 1,
    cause,
  })

function outcomeUnknown({ row }: Waiting, cause: unknown): AppError {
  const detail = `The database did not confirm in time; repeat the request with the Idempotency-Key ${row.key} to learn what it got`
  return new AppError('outcome_unknown', detail, { retryAfterSeconds: 1, cause })
}
