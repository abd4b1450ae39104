import type { Queryable } from '@ordinal/database'
import { crashAt } from '@ordinal/failpoints'
import type { PassedTrace } from '@ordinal/tracing'
import { pauseSecondsBefore } from '../domain/number-conflict'
import { orderColumns, type Order, type ToNumber } from '../domain/order'

/** A number that the sequencer issued for an order. */
export interface IssuedNumber {
  orderId: number
  number: string
  /** Of the request that places the order, if it is still there. */
  trace?: PassedTrace | undefined
}

/** An order that was deleted has its number all the same. */
export type Numbered = Order & { deleted: boolean }

/** Takes orders without a number, oldest first, for as long as the lease: other instances pass over them. */
export async function claimOrders(db: Queryable, limit: number, leaseMs: number): Promise<ToNumber[]> {
  // Materialized, or the plan may run the inner SELECT again and take more than the limit.
  const { rows } = await db.query<ToNumber>(
    `WITH due AS MATERIALIZED (
       SELECT id FROM orders WHERE order_number IS NULL AND numbering_after <= now()
       ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
     UPDATE orders SET numbering_after = now() + $2 * interval '1 ms'
     FROM due WHERE orders.id = due.id RETURNING orders.id, reference,
       numbering_attempt AS "numberingAttempt", user_id AS "userId"`,
    [limit, leaseMs],
  )
  FAILPOINT: crashAt('orders are claimed')
  return rows.sort((a, b) => a.id - b.id)
}

/** Leaves orders alone for so long, unless they have their numbers. */
export async function postponeOrders(db: Queryable, orders: ToNumber[], ms: number): Promise<void> {
  await db.query(
    `UPDATE orders SET numbering_after = now() + $2 * interval '1 ms' WHERE id = ANY($1::bigint[]) AND order_number IS NULL`,
    [orders.map(({ id }) => id), ms],
  )
}

/** Leaves orders to numbering before their leases end, after the pauses that conflicts ask for. */
export async function releaseForNumbering(tx: Queryable, orders: ToNumber[]): Promise<void> {
  await tx.query(
    `UPDATE orders SET numbering_after = now() + pause * interval '1 s'
     FROM unnest($1::bigint[], $2::float8[]) AS released(order_id, pause) WHERE id = order_id`,
    [orders.map(({ id }) => id), orders.map(({ numberingAttempt }) => pauseSecondsBefore(numberingAttempt))],
  )
}

/** Writes numbers to their orders. Returns those that had none until now; the others are left as they are. */
export async function writeNumbers(tx: Queryable, issued: IssuedNumber[]): Promise<Numbered[]> {
  const { rows } = await tx.query<Numbered>(
    `UPDATE orders SET order_number = issued.number, updated_at = now()
     FROM unnest($1::bigint[], $2::text[]) AS issued(order_id, number)
     WHERE orders.id = issued.order_id AND orders.order_number IS NULL
     RETURNING ${orderColumns}, deleted_at IS NOT NULL AS deleted`,
    columnsOf(issued),
  )
  FAILPOINT: crashAt('the number is written')
  return rows
}

/** The orders that have another number than the one that was issued for them. */
export async function findOtherNumbers(
  tx: Queryable,
  issued: IssuedNumber[],
): Promise<{ id: number; held: string; number: string }[]> {
  const { rows } = await tx.query<{ id: number; held: string; number: string }>(
    `SELECT orders.id, orders.order_number AS held, issued.number
     FROM orders JOIN unnest($1::bigint[], $2::text[]) AS issued(order_id, number) ON orders.id = issued.order_id
     WHERE orders.order_number <> issued.number`,
    columnsOf(issued),
  )
  return rows
}

const columnsOf = (issued: IssuedNumber[]) => [
  issued.map(({ orderId }) => orderId),
  issued.map(({ number }) => number),
]

export async function readOrders(tx: Queryable, ids: number[]): Promise<Order[]> {
  const { rows } = await tx.query<Order>(`SELECT ${orderColumns} FROM orders WHERE id = ANY($1::bigint[])`, [
    ids,
  ])
  return rows
}

/** How many orders wait for their number: those that lists have, and deleted ones, which get theirs, too. */
export async function countWithoutNumber(db: Queryable): Promise<{ listed: number; deleted: number }> {
  const { rows } = await db.query<{ listed: number; deleted: number }>(
    `SELECT count(*) FILTER (WHERE deleted_at IS NULL) AS listed, count(deleted_at) AS deleted
     FROM orders WHERE order_number IS NULL`,
  )
  return rows[0]!
}

/** In seconds, of deleted orders, too; 0 if every order has its number. */
export async function ageOfOldestWithoutNumber(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ seconds: number }>(
    `SELECT greatest(0, extract(epoch FROM now() - created_at))::float8 AS seconds
     FROM orders WHERE order_number IS NULL ORDER BY id LIMIT 1`,
  )
  return rows[0]?.seconds ?? 0
}
