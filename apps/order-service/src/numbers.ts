import type { Queryable } from '@ordinal/database'
import type { Outbox } from '@ordinal/events'
import { crashAt } from '@ordinal/failpoints'
import { NumberConflictError } from './number-conflicts'
import { orderColumns, type Order } from './order'
import { recordOrderEvents } from './order-events'

/** A number that the sequencer issued for an order. */
export interface IssuedNumber {
  orderId: number
  number: string
}

/**
 * Writes numbers to their orders, and gives those orders that had none until now. An order that has its number
 * already is left as it is, so that whoever writes first has placed the order. A deleted or cancelled order gets
 * its number like any other, for it may have been issued.
 *
 * With its number an order is placed, and the world is told of it as it is now: of what was changed before there was no
 * event. One that is deleted already is told of twice, since its number exists.
 *
 * @param traceparent of the request that places the order, if it is still there
 * @throws NumberConflictError if an order has another number; the database's error if another order has the number:
 *   `conflictOf` knows both
 */
export async function recordNumbers(
  tx: Queryable,
  outbox: Outbox,
  issued: IssuedNumber[],
  traceparent?: string,
): Promise<Order[]> {
  const values = [issued.map(({ orderId }) => orderId), issued.map(({ number }) => number)]
  const { rows } = await tx.query<Order & { deleted: boolean }>(
    `UPDATE orders SET order_number = issued.number, updated_at = now()
     FROM unnest($1::bigint[], $2::text[]) AS issued(order_id, number)
     WHERE orders.id = issued.order_id AND orders.order_number IS NULL
     RETURNING ${orderColumns}, deleted_at IS NOT NULL AS deleted`,
    values,
  )
  FAILPOINT: crashAt('the number is written')
  await recordOrderEvents(outbox, tx, 'order.created', rows, traceparent)
  FAILPOINT: crashAt('the event is written')
  const deleted = rows.filter(({ deleted }) => deleted)
  await recordOrderEvents(outbox, tx, 'order.deleted', deleted, traceparent)
  if (rows.length < issued.length) await requireSameNumbers(tx, values)
  return rows
}

async function requireSameNumbers(tx: Queryable, values: unknown[]): Promise<void> {
  const { rows } = await tx.query<{ id: number; held: string; number: string }>(
    `SELECT orders.id, orders.order_number AS held, issued.number
     FROM orders JOIN unnest($1::bigint[], $2::text[]) AS issued(order_id, number) ON orders.id = issued.order_id
     WHERE orders.order_number <> issued.number`,
    values,
  )
  const told = rows.map(({ id, held, number }) => `order ${id} has ${held} and was now given ${number}`)
  if (told.length === 0) return
  throw new NumberConflictError('order_has_another_number', rows[0]!.number, told.join('; '))
}
