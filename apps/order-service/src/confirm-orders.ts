import type { Pool } from 'pg'
import { transaction, type Queryable } from '@ordinal/database'
import type { Consumer, Outbox } from '@ordinal/events'
import { crashAt } from '@ordinal/failpoints'
import { orderColumns, type Order } from './order'
import { recordOrderEvents } from './order-events'

/**
 * Confirms orders that were placed, if they are still pending: one that was cancelled, confirmed or deleted in the
 * meantime is left as it is. So the event may come as often as it likes.
 */
export const createConfirmOrders = ({ pool, outbox }: { pool: Pool; outbox: Outbox }): Consumer => ({
  name: 'confirm-orders',
  types: ['order.created'],
  async handle({ subject, traceparent }) {
    FAILPOINT: crashAt('the confirmation begins')
    await transaction(pool, async (tx) => {
      const confirmed = await confirm(tx, subject)
      FAILPOINT: crashAt('the confirmation is written')
      await recordOrderEvents(outbox, tx, 'order.updated', confirmed, traceparent)
      FAILPOINT: crashAt('the confirmation is told')
    })
    FAILPOINT: crashAt('the confirmation is committed')
    outbox.announce()
  },
})

async function confirm(tx: Queryable, reference: string): Promise<Order[]> {
  const { rows } = await tx.query<Order & object>({
    name: 'confirm_order',
    text: `UPDATE orders SET status = 'confirmed', version = version + 1, updated_at = now()
     WHERE reference = $1 AND status = 'pending' AND deleted_at IS NULL RETURNING ${orderColumns}`,
    values: [reference],
  })
  return rows
}
