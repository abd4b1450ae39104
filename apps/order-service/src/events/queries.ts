import type { Queryable } from '@ordinal/database'
import { crashAt } from '@ordinal/failpoints'
import { orderColumns, type Order } from '../domain/order'

/** Confirms an order that is pending. Returns none if it is not, or is deleted. */
export async function markConfirmed(tx: Queryable, reference: string): Promise<Order[]> {
  const { rows } = await tx.query<Order>({
    name: 'confirm_order',
    text: `UPDATE orders SET status = 'confirmed', version = version + 1, updated_at = now()
     WHERE reference = $1 AND status = 'pending' AND deleted_at IS NULL RETURNING ${orderColumns}`,
    values: [reference],
  })
  FAILPOINT: crashAt('the confirmation is written')
  return rows
}
