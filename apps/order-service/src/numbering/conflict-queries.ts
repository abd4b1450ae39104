import type { Queryable } from '@ordinal/database'
import { pauseSecondsBefore, type NumberConflictError } from '../domain/number-conflict'
import { keyFor, orderColumns, type Order } from '../domain/order'

export type Conflicting = Pick<Order, 'id' | 'reference' | 'numberingAttempt'>

/**
 * Assigns the order its next key; undefined if that was done already, or the order has its number.
 *
 * @param leased the order stays with the caller, which asks under the next key itself
 */
export async function giveNextKey(
  tx: Queryable,
  { id, numberingAttempt }: Conflicting,
  leased: boolean,
): Promise<Order | undefined> {
  const { rows } = await tx.query<Order>(
    `UPDATE orders SET numbering_attempt = numbering_attempt + 1, updated_at = now(),
       numbering_after = greatest(now() + $3 * interval '1 s', CASE WHEN $4 THEN numbering_after END)
     WHERE id = $1 AND order_number IS NULL AND numbering_attempt = $2 RETURNING ${orderColumns}`,
    [id, numberingAttempt, pauseSecondsBefore(numberingAttempt + 1), leased],
  )
  return rows[0]
}

export async function lockOrder(tx: Queryable, { id }: Conflicting): Promise<Order> {
  const { rows } = await tx.query<Order>(`SELECT ${orderColumns} FROM orders WHERE id = $1 FOR UPDATE`, [id])
  return rows[0]!
}

/** The id of another order that has the number. */
export async function findHolder(
  tx: Queryable,
  { id }: Conflicting,
  number: string | null,
): Promise<number | null> {
  const { rows } = await tx.query<{ id: number }>(
    'SELECT id FROM orders WHERE order_number = $1 AND id <> $2',
    [number, id],
  )
  return rows[0]?.id ?? null
}

export async function insertConflict(
  tx: Queryable,
  order: Conflicting,
  { reason, number }: NumberConflictError,
  heldBy: number | null,
): Promise<void> {
  await tx.query(
    `INSERT INTO number_conflicts (order_id, key, number, held_by_order_id, reason) VALUES ($1, $2, $3, $4, $5)`,
    [order.id, keyFor(order), number, heldBy, reason],
  )
}

/** How many conflicts there were in the last 24 hours. */
export async function countConflictsOfADay(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `SELECT count(*) FROM number_conflicts WHERE at > now() - interval '24 hours'`,
  )
  return rows[0]!.count
}
