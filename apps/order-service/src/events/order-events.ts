import type { Queryable } from '@ordinal/database'
import type { Outbox } from '@ordinal/events'
import { toJson, type Order } from '../domain/order'

/** What happens to orders. Each event carries the order as it was answered at that moment. */
export type OrderEventType = 'order.created' | 'order.updated' | 'order.deleted'

/**
 * Records the events of changes, in the transaction that makes them: it must have locked the orders.
 *
 * @param traceparent of the request that makes the change, if there is one
 */
export async function recordOrderEvents(
  { record }: Pick<Outbox, 'record'>,
  tx: Queryable,
  type: OrderEventType,
  orders: Order[],
  traceparent?: string,
): Promise<void> {
  if (orders.length === 0) return
  await record(
    tx,
    orders.map((order) => ({ type, subject: order.reference, data: toJson(order), traceparent })),
  )
}
