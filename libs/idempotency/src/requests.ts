import { asStatements, createBatcher, oneByOne } from '@ordinal/batching'
import { traced, type Queryable } from '@ordinal/database'
import { AppError } from '@ordinal/errors'
import type { Span } from '@ordinal/tracing'
import { isErased } from './erased'
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
 * @throws AppError `idempotency_key_reused`, `idempotency_key_in_use`, `idempotency_key_erased`
 */
export async function findRequest<Answer extends object>(
  db: Queryable,
  key: IdempotencyKey,
  leaseMs: number,
): Promise<KnownRequest<Answer> | undefined> {
  const [record] = await readRecords<Answer>(db, [key])
  return record && knownBy(db, key, record, leaseMs)
}

/**
 * As `findRequest`, for callers that come together: those whose keys are looked up while a statement is under way go
 * together in the next.
 */
export function createRequestFinder<Answer extends object>(
  db: Queryable,
  { leaseMs, batching }: { leaseMs: number; batching: boolean },
) {
  const read = createBatcher<
    { key: IdempotencyKey; span: Span | undefined },
    RequestRecord<Answer> | undefined
  >({
    carryOut: (asked, span) =>
      readRecords<Answer>(
        traced(db, span),
        asked.map(({ key }) => key),
      ),
    ...(batching ? asStatements : oneByOne),
    trace: { name: 'look up keys', spanOf: ({ span }) => span },
  })
  return async (key: IdempotencyKey, span?: Span): Promise<KnownRequest<Answer> | undefined> => {
    const record = await read({ key, span })
    return record && knownBy(db, key, record, leaseMs)
  }
}

interface RequestRecord<Answer> {
  first: Buffer
  answer: Answer | null
  resourceId: number | null
}

/** What is on record of each of the keys; undefined if nothing is. */
async function readRecords<Answer extends object>(
  db: Queryable,
  keys: readonly IdempotencyKey[],
): Promise<(RequestRecord<Answer> | undefined)[]> {
  // With a limit, so that each is looked up by its index, whatever the plan takes the size of the table for.
  const { rows } = await db.query<RequestRecord<Answer> & { nth: number }>({
    name: 'find_requests',
    text: `SELECT nth, record.* FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked(caller, key, nth)
     CROSS JOIN LATERAL (
       SELECT fingerprint AS first, answer, resource_id AS "resourceId"
       FROM idempotency_records WHERE caller = asked.caller AND key = asked.key LIMIT 1) AS record`,
    values: [keys.map(({ caller }) => caller), keys.map(({ key }) => key)],
  })
  const byPlace = new Map(rows.map((row) => [row.nth, row]))
  return keys.map((_, index) => byPlace.get(index + 1))
}

async function knownBy<Answer extends object>(
  db: Queryable,
  { caller, key, fingerprint }: IdempotencyKey,
  { first, answer, resourceId }: RequestRecord<Answer>,
  leaseMs: number,
): Promise<KnownRequest<Answer>> {
  if (isErased(first))
    throw new AppError('idempotency_key_erased', `What the key "${key}" stands for was erased`)
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
    text: `WITH asked AS (
       SELECT $1::text AS caller, $2::text AS key, $3::bytea AS fingerprint, $4::bigint AS resource_id,
         now() + $5 * interval '1 ms' AS leased_until)
     ${beginRequestsFrom('asked')}`,
    values: [caller, key, fingerprint, resourceId, leaseMs],
  })
  return rowCount === 1
}

/**
 * The SQL that records the keys of a relation, for statements that also write what the requests do first. It returns the
 * `resource_id` of those whose keys were not taken. In one order, so that no two statements wait for each other.
 *
 * @param asked a relation with the columns `caller`, `key` (may be null), `fingerprint`, `resource_id`, `leased_until`
 */
export const beginRequestsFrom = (asked: string) =>
  `INSERT INTO idempotency_records (caller, key, fingerprint, resource_id, leased_until)
   SELECT caller, key, fingerprint, resource_id, leased_until FROM ${asked} WHERE key IS NOT NULL
   ORDER BY caller, key, resource_id ON CONFLICT DO NOTHING RETURNING resource_id`

/**
 * Stores answers, in the transaction that completes what they say.
 *
 * @param finished the requests, some of which may be the same
 * @returns the answers that are stored: of those that finish the same request, the first one's
 */
export async function finishRequests<Answer extends object>(
  tx: Queryable,
  finished: readonly { key: IdempotencyKey; answer: Answer }[],
): Promise<Answer[]> {
  if (finished.length === 0) return []
  const { rows } = await tx.query<{ caller: string; key: string; answer: Answer }>(
    `WITH finished AS (SELECT * FROM unnest($1::text[], $2::text[], $3::json[]) AS finished(caller, key, answer))
     ${finishRequestsFrom('finished')}`,
    [
      finished.map(({ key: { caller } }) => caller),
      finished.map(({ key: { key } }) => key),
      finished.map(({ answer }) => JSON.stringify(answer)),
    ],
  )
  const kept = new Map(rows.map(({ caller, key, answer }) => [nameOf({ caller, key }), answer]))
  return finished.map(({ key, answer }) => kept.get(nameOf(key)) ?? answer)
}

/**
 * The SQL that stores the answers of a relation, for statements that also complete what they say. It returns `caller`, `key`
 * and `answer`, the stored one: an answer that is there stays.
 *
 * @param finished a relation with the columns `caller`, `key` and `answer`
 */
export const finishRequestsFrom = (finished: string) =>
  `UPDATE idempotency_records AS record SET answer = coalesce(record.answer, ${finished}.answer)
   FROM ${finished} WHERE record.caller = ${finished}.caller AND record.key = ${finished}.key
   RETURNING record.caller, record.key, record.answer`

const nameOf = ({ caller, key }: Pick<IdempotencyKey, 'caller' | 'key'>) => `${caller}\n${key}`

/** A lease that a request holds, and when it ends at the latest: a later end is that of another request that took over. */
export interface HeldLease extends Pick<IdempotencyKey, 'caller' | 'key'> {
  endsInMs: number
}

/**
 * Ends the leases of requests that are not finished, so that the next ones with their keys may finish them at once.
 *
 * @returns for each whether its key is on record
 */
export async function endLeases(db: Queryable, leases: readonly HeldLease[]): Promise<boolean[]> {
  // A millisecond more, to which the end of a lease is rounded.
  const { rows } = await db.query<{ found: boolean }>(
    `WITH held AS (
       SELECT * FROM unnest($1::text[], $2::text[], $3::float8[]) WITH ORDINALITY AS held(caller, key, ends_in_ms, nth)),
     ended AS (
       UPDATE idempotency_records AS record SET leased_until = now() FROM held
       WHERE record.caller = held.caller AND record.key = held.key AND record.answer IS NULL
         AND leased_until BETWEEN now() AND now() + (held.ends_in_ms + 1) * interval '1 ms')
     SELECT EXISTS (
       SELECT FROM idempotency_records AS record WHERE record.caller = held.caller AND record.key = held.key) AS found
     FROM held ORDER BY nth`,
    [
      leases.map(({ caller }) => caller),
      leases.map(({ key }) => key),
      leases.map(({ endsInMs }) => endsInMs),
    ],
  )
  return rows.map(({ found }) => found)
}
