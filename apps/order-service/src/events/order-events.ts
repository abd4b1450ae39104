import type { Queryable } from '@ordinal/database'
import type { Outbox } from '@ordinal/events'
import type { PassedTrace } from '@ordinal/tracing'
import { toJson, type Order, type OrderJson } from '../domain/order'

/** What happens to orders. Each event carries the order as it was answered at that moment. */
export type OrderEventType = 'order.created' | 'order.updated' | 'order.deleted'

/** The types of all events of this service. */
export const orderEventTypes = [
  'order.created',
  'order.updated',
  'order.deleted',
  'order.number_conflict',
] as const satisfies readonly (OrderEventType | 'order.number_conflict')[]

/** An order after a change. */
export interface ChangedOrder {
  order: Order
  /** Of the request that makes the change, if there is one. */
  trace?: PassedTrace | undefined
}

/** Records the events of changes, in the transaction that makes them: it must have locked the orders. */
export async function recordOrderEvents(
  { record }: Pick<Outbox, 'record'>,
  tx: Queryable,
  type: OrderEventType,
  changes: readonly ChangedOrder[],
): Promise<void> {
  if (changes.length === 0) return
  await record(
    tx,
    changes.map(({ order, trace }) => orderEvent(type, toJson(order), trace)),
  )
}

/** The event of a change, with the order as it is answered then. */
export const orderEvent = (type: OrderEventType, order: OrderJson, trace: PassedTrace | undefined) => ({
  type,
  subject: order.reference,
  data: order,
  trace,
})
