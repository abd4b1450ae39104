import type { Pool } from 'pg'
import { transaction } from '@ordinal/database'
import type { Consumer, Outbox } from '@ordinal/events'
import { orderColumns, type Order } from './order'
import { recordOrderEvents } from './order-events'

interface Deps {
  pool: Pool
  outbox: Outbox
  databaseTimeoutMs: number
}

/**
 * Confirms orders that were placed, if they are still pending: one that was cancelled, confirmed or deleted in the
 * meantime is left as it is. So the event may come as often as it likes.
 */
export const createConfirmOrders = ({ pool, outbox, databaseTimeoutMs }: Deps): Consumer => ({
  name: 'confirm-orders',
  types: ['order.created'],
  async handle({ subject, traceparent }) {
    await transaction(
      pool,
      async (tx) => {
        const { rows } = await tx.query<Order & object>(
          `UPDATE orders SET status = 'confirmed', version = version + 1, updated_at = now()
           WHERE reference = $1 AND status = 'pending' AND deleted_at IS NULL RETURNING ${orderColumns}`,
          [subject],
        )
        await recordOrderEvents(outbox, tx, 'order.updated', rows, traceparent)
      },
      { signal: AbortSignal.timeout(databaseTimeoutMs) },
    )
    outbox.announce()
  },
})
