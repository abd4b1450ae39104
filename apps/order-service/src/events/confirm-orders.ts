import type { Pool } from 'pg'
import { asStatements, createBatcher, oneByOne } from '@ordinal/batching'
import { mayBeOfOneRow, transaction, type Queryable } from '@ordinal/database'
import type { CloudEvent, Consumer, Outbox } from '@ordinal/events'
import { crashAt } from '@ordinal/failpoints'
import type { Order } from '../domain/order'
import { recordOrderEvents, type OrderEventType } from './order-events'
import { markConfirmed } from './queries'

/** The types of events that it is for. */
export const confirmedTypes: readonly string[] = ['order.created'] satisfies OrderEventType[]

interface Deps {
  pool: Pool
  outbox: Outbox
  /** Whether events that come together are handled together. */
  batching: boolean
}

/**
 * Confirms orders that were placed, if they are still pending: one that was cancelled, confirmed or deleted in the
 * meantime is left as it is. So the event may come as often as it likes.
 */
export function createConfirmOrders({ pool, outbox, batching }: Deps): Consumer {
  const handle = createBatcher({
    carryOut: confirm,
    ...(batching ? asStatements : oneByOne),
    mayBeOfOne: mayBeOfOneRow,
  })
  return { name: 'confirm-orders', types: confirmedTypes, handle }

  async function confirm(events: readonly CloudEvent[]): Promise<undefined[]> {
    FAILPOINT: crashAt('the confirmation begins')
    await transaction(pool, async (tx) => {
      const confirmed = await markConfirmed(
        tx,
        events.map(({ subject }) => subject),
      )
      await recordConfirmed(tx, confirmed, events)
    })
    FAILPOINT: crashAt('the confirmation is committed')
    outbox.announce('order.updated')
    return events.map(() => undefined)
  }

  async function recordConfirmed(
    tx: Queryable,
    orders: Order[],
    events: readonly CloudEvent[],
  ): Promise<void> {
    const traces = new Map(events.map(({ subject, traceparent }) => [subject, traceparent]))
    const changes = orders.map((order) => ({ order, traceparent: traces.get(order.reference) }))
    await recordOrderEvents(outbox, tx, 'order.updated', changes)
    FAILPOINT: crashAt('the event of the confirmation is written')
  }
}
