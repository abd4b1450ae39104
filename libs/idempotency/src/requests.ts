import type { Queryable } from '@ordinal/database'
import { AppError } from '@ordinal/errors'
import type { IdempotencyKey } from './idempotency-key'

// Requests with an Idempotency-Key, in the table `idempotency_records` of the service's own database (schema.sql). The
// sequencer does not use it: there the statement that issues a number records the key, in the ledger's entry
// (docs/decisions/0060).

/** A request that came before with the same key. */
export type KnownRequest<Answer> =
  /** It is finished, and this was its answer. */
  | { answer: Answer }
  /** Its lease has ended without an answer. This request now holds the lease, and finishes it. */
  | { answer: null; resourceId: number | null }

/** How a request is begun that is not finished in the same transaction. */
export interface Begin {
  /** What the request has made so far: a retry finishes it. */
  resourceId?: number
  /** How long no other request with the key may finish it. */
  leaseMs?: number
}

/**
 * The request that came before with this key, if any.
 *
 * @param leaseMs how long the caller has for an unfinished request, if it is one
 * @throws AppError `idempotency_key_reused`, `idempotency_key_in_use`
 */
export async function findRequest<Answer extends object>(
  db: Queryable,
  { caller, key, fingerprint }: IdempotencyKey,
  leaseMs: number,
): Promise<KnownRequest<Answer> | undefined> {
  const { rows } = await db.query<{ first: Buffer; answer: Answer | null; resourceId: number | null }>({
    name: 'find_request',
    text: `SELECT fingerprint AS first, answer, resource_id AS "resourceId"
     FROM idempotency_records WHERE caller = $1 AND key = $2`,
    values: [caller, key],
  })
  if (!rows[0]) return undefined
  const { first, answer, resourceId } = rows[0]
  if (!first.equals(fingerprint)) {
    throw new AppError('idempotency_key_reused', `The key "${key}" belongs to another request`)
  }
  if (answer) return { answer }
  if (await takeLease(db, caller, key, leaseMs)) return { answer, resourceId }
  throw new AppError('idempotency_key_in_use', `The request with the key "${key}" is still under way`, {
    retryAfterSeconds: 1,
  })
}

/** Takes the lease of a request that is not finished, if it has ended. */
async function takeLease(db: Queryable, caller: string, key: string, leaseMs: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE idempotency_records SET leased_until = now() + $3 * interval '1 ms'
     WHERE caller = $1 AND key = $2 AND answer IS NULL AND leased_until <= now()`,
    [caller, key, leaseMs],
  )
  return rowCount === 1
}

/**
 * Records the key, in the transaction of what the request does first. It waits for another transaction that does the same.
 *
 * @returns false if the key is taken: then this transaction must do nothing for the request
 */
export async function beginRequest(
  tx: Queryable,
  { caller, key, fingerprint }: IdempotencyKey,
  { resourceId, leaseMs = 0 }: Begin = {},
): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'begin_request',
    text: `INSERT INTO idempotency_records (caller, key, fingerprint, resource_id, leased_until)
     VALUES ($1, $2, $3, $4, now() + $5 * interval '1 ms') ON CONFLICT DO NOTHING`,
    values: [caller, key, fingerprint, resourceId, leaseMs],
  })
  return rowCount === 1
}

/**
 * Stores the answer, in the transaction that completes what it says.
 *
 * @returns the answer that is stored: of two that finish a request, the first one's
 */
export async function finishRequest<Answer extends object>(
  tx: Queryable,
  { caller, key }: IdempotencyKey,
  answer: Answer,
): Promise<Answer> {
  const { rows } = await tx.query<{ answer: Answer }>({
    name: 'finish_request',
    text: `UPDATE idempotency_records SET answer = coalesce(answer, $3::json) WHERE caller = $1 AND key = $2
     RETURNING answer`,
    values: [caller, key, JSON.stringify(answer)],
  })
  return rows[0]?.answer ?? answer
}

/** Ends the lease of a request that is not finished, so that the next one with the key may finish it at once. */
export async function endLease(db: Queryable, { caller, key }: IdempotencyKey): Promise<void> {
  await db.query(
    `UPDATE idempotency_records SET leased_until = now() WHERE caller = $1 AND key = $2 AND answer IS NULL`,
    [caller, key],
  )
}
