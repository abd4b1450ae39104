import type { Queryable } from '@ordinal/database'
import type { Outbox } from '@ordinal/events'
import { crashAt } from '@ordinal/failpoints'
import { NumberConflictError } from '../domain/number-conflict'
import type { Order } from '../domain/order'
import { recordOrderEvents } from '../events/order-events'
import { findOtherNumbers, writeNumbers, type IssuedNumber, type Numbered } from './queries'

/**
 * Writes numbers to their orders, and returns the orders that had none until now. An order that has its number already is
 * left as it is: the first to write has placed the order. A deleted or cancelled order gets its number like any other,
 * since it may have been issued.
 *
 * @throws NumberConflictError if an order has another number; the database's error if another order has the number:
 *   `conflictOf` knows both
 */
export async function recordNumbers(tx: Queryable, outbox: Outbox, issued: IssuedNumber[]): Promise<Order[]> {
  const numbered = await writeNumbers(tx, issued)
  await recordPlaced(tx, outbox, numbered, issued)
  if (numbered.length < issued.length) await requireSameNumbers(tx, issued)
  return numbered
}

/**
 * With its number an order is placed: `order.created` has the order as it is now, as earlier changes had no events. An
 * order that is deleted already gets `order.deleted` as well, since its number exists.
 */
async function recordPlaced(
  tx: Queryable,
  outbox: Outbox,
  orders: Numbered[],
  issued: IssuedNumber[],
): Promise<void> {
  const traces = new Map(issued.map(({ orderId, trace }) => [orderId, trace]))
  const changes = orders.map((order) => ({ order, trace: traces.get(order.id) }))
  await recordOrderEvents(outbox, tx, 'order.created', changes)
  const deleted = changes.filter(({ order }) => order.deleted)
  await recordOrderEvents(outbox, tx, 'order.deleted', deleted)
  FAILPOINT: crashAt('the event is written')
}

async function requireSameNumbers(tx: Queryable, issued: IssuedNumber[]): Promise<void> {
  const others = await findOtherNumbers(tx, issued)
  if (others.length === 0) return
  const details = others.map(
    ({ id, held, number }) => `order ${id} has ${held}, and the sequencer issued ${number}`,
  )
  throw new NumberConflictError('order_has_another_number', others[0]!.number, details.join('; '))
}
