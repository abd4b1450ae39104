import type { Pool } from 'pg'
import { transaction, type Queryable } from '@ordinal/database'
import type { Consumer, Outbox } from '@ordinal/events'
import { crashAt } from '@ordinal/failpoints'
import type { Order } from '../domain/order'
import { recordOrderEvents } from './order-events'
import { markConfirmed } from './queries'

/**
 * Confirms orders that were placed, if they are still pending: one that was cancelled, confirmed or deleted in the
 * meantime is left as it is. So the event may come as often as it likes.
 */
export function createConfirmOrders({ pool, outbox }: { pool: Pool; outbox: Outbox }): Consumer {
  return {
    name: 'confirm-orders',
    types: ['order.created'],
    async handle({ subject, traceparent }) {
      await confirm(subject, traceparent)
      outbox.announce()
    },
  }

  async function confirm(reference: string, traceparent: string | undefined): Promise<void> {
    FAILPOINT: crashAt('the confirmation begins')
    await transaction(pool, async (tx) => {
      const confirmed = await markConfirmed(tx, reference)
      await recordConfirmed(tx, confirmed, traceparent)
    })
    FAILPOINT: crashAt('the confirmation is committed')
  }

  async function recordConfirmed(
    tx: Queryable,
    orders: Order[],
    traceparent: string | undefined,
  ): Promise<void> {
    await recordOrderEvents(outbox, tx, 'order.updated', orders, traceparent)
    FAILPOINT: crashAt('the event of the confirmation is written')
  }
}
