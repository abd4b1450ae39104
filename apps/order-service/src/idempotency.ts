import type { Queryable } from '@ordinal/database'
import { AppError } from '@ordinal/errors'
import type { IdempotencyKey } from '@ordinal/service'
import { orderColumns, type Order, type OrderJson } from './order'

/** What was placed with a key before. */
export type Known =
  /** The request was answered, and this was the answer. */
  | { answer: OrderJson; order?: undefined }
  /** Its order exists, but whoever placed it is gone: the caller of `findByKey` is the one who finishes it now. */
  | { answer: null; order: Order }

/**
 * What was placed with this key before, if anything.
 *
 * @param leaseMs how long an unfinished order, if it is one, is the caller's alone
 * @throws AppError `idempotency_key_reused`, `idempotency_key_in_use`
 */
export async function findByKey(
  db: Queryable,
  { caller, key, fingerprint }: IdempotencyKey,
  leaseMs: number,
): Promise<Known | undefined> {
  const { rows } = await db.query<Order & { fingerprint: Buffer; answer: OrderJson | null }>({
    name: 'find_key',
    text: `SELECT ${orderColumns}, fingerprint, answer
     FROM idempotency_records JOIN orders ON orders.id = order_id WHERE caller = $1 AND key = $2`,
    values: [caller, key],
  })
  if (!rows[0]) return undefined
  const { answer, fingerprint: first, ...order } = rows[0]
  if (!first.equals(fingerprint)) {
    throw new AppError('idempotency_key_reused', `The key "${key}" belongs to another request`)
  }
  if (answer) return { answer }
  if (await takeOver(db, caller, key, leaseMs)) return { answer, order }
  throw new AppError('idempotency_key_in_use', `The request with the key "${key}" is still under way`, {
    retryAfterSeconds: 1,
  })
}

/** Takes the lease of a request that is not answered, if it has run out. */
async function takeOver(db: Queryable, caller: string, key: string, leaseMs: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE idempotency_records SET leased_until = now() + $3 * interval '1 ms'
     WHERE caller = $1 AND key = $2 AND answer IS NULL AND leased_until <= now()`,
    [caller, key, leaseMs],
  )
  return rowCount === 1
}

/** Binds a key to the order that is placed with it. Fails at `idempotency_records_pkey` if another request
 * was faster. */
export async function recordKey(
  tx: Queryable,
  { caller, key, fingerprint }: IdempotencyKey,
  orderId: Order['id'],
  leaseMs: number,
): Promise<void> {
  await tx.query({
    name: 'record_key',
    text: `INSERT INTO idempotency_records (caller, key, fingerprint, order_id, leased_until)
     VALUES ($1, $2, $3, $4, now() + $5 * interval '1 ms')`,
    values: [caller, key, fingerprint, orderId, leaseMs],
  })
}

/** Ends the lease early: who made it gives up, and the next request with the key need not wait. */
export async function endLease(db: Queryable, { caller, key }: IdempotencyKey): Promise<void> {
  await db.query(
    `UPDATE idempotency_records SET leased_until = now() WHERE caller = $1 AND key = $2 AND answer IS NULL`,
    [caller, key],
  )
}

/** Stores the answer of a request, and gives the one that is stored: of two who finish it, the first has it. */
export async function storeAnswer(
  tx: Queryable,
  { caller, key }: IdempotencyKey,
  answer: OrderJson,
): Promise<OrderJson> {
  const { rows } = await tx.query<{ answer: OrderJson }>({
    name: 'store_answer',
    text: `UPDATE idempotency_records SET answer = coalesce(answer, $3::json) WHERE caller = $1 AND key = $2
     RETURNING answer`,
    values: [caller, key, JSON.stringify(answer)],
  })
  return rows[0]?.answer ?? answer
}
