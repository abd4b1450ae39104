import type { Queryable } from '@ordinal/database'
import { crashAt } from '@ordinal/failpoints'
import { orderColumns, type Order } from '../domain/order'

/** Confirms the orders that are pending, and returns them: not those that are deleted. */
export async function markConfirmed(tx: Queryable, references: string[]): Promise<Order[]> {
  const { rows } = await tx.query<Order>(
    `UPDATE orders SET status = 'confirmed', version = version + 1, updated_at = now()
     WHERE reference = ANY($1::uuid[]) AND status = 'pending' AND deleted_at IS NULL RETURNING ${orderColumns}`,
    [references],
  )
  FAILPOINT: crashAt('the confirmation is written')
  return rows
}
