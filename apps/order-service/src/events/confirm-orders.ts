import type { Pool } from 'pg'
import { asStatements, createBatcher, oneByOne } from '@ordinal/batching'
import { mayBeOfOneRow, transaction, type Queryable } from '@ordinal/database'
import type { CloudEvent, Consumer, Outbox } from '@ordinal/events'
import { crashAt } from '@ordinal/failpoints'
import type { PassedTrace, Span } from '@ordinal/tracing'
import type { Order } from '../domain/order'
import { recordOrderEvents, type OrderEventType } from './order-events'
import { markConfirmed } from './queries'

/** The types of events that it is for. */
export const confirmedTypes: readonly string[] = ['order.created'] satisfies OrderEventType[]

/** The trace of the change that an event leads to. */
function traceOf({ event, span }: Handled): PassedTrace | undefined {
  const traceparent = span?.traceparent ?? event.traceparent
  return traceparent === undefined ? undefined : { traceparent, tracestate: event.tracestate }
}

/** An event, and the span of its handling if its trace is recorded. */
interface Handled {
  event: CloudEvent
  span: Span | undefined
}

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
    trace: { name: 'confirm orders', spanOf: ({ span }: Handled) => span },
  })
  return { name: 'confirm-orders', types: confirmedTypes, handle: (event, span) => handle({ event, span }) }

  async function confirm(all: readonly Handled[], span?: Span): Promise<undefined[]> {
    FAILPOINT: crashAt('the confirmation begins')
    const work = async (tx: Queryable) => {
      const confirmed = await markConfirmed(
        tx,
        all.map(({ event }) => event.subject),
      )
      await recordConfirmed(tx, confirmed, all)
    }
    await transaction(pool, work, { span })
    FAILPOINT: crashAt('the confirmation is committed')
    outbox.announce('order.updated')
    return all.map(() => undefined)
  }

  async function recordConfirmed(tx: Queryable, orders: Order[], all: readonly Handled[]): Promise<void> {
    const traces = new Map(all.map((handled) => [handled.event.subject, traceOf(handled)]))
    const changes = orders.map((order) => ({ order, trace: traces.get(order.reference) }))
    await recordOrderEvents(outbox, tx, 'order.updated', changes)
    FAILPOINT: crashAt('the event of the confirmation is written')
  }
}
