import { v7 as uuidv7 } from 'uuid'
import type { Queryable } from '@ordinal/database'
import { crashAt } from '@ordinal/failpoints'
import type { Verification } from '../clients/users'
import { orderColumns, type NewOrder, type Order } from '../domain/order'
import { statusesBefore, type OrderStatus } from '../domain/status'

/** Stores an order without a number, which numbering leaves alone for the time of the lease. */
export async function insertOrder(
  tx: Queryable,
  { userId, productId, quantity, totalPrice }: NewOrder,
  verification: Verification,
  leaseMs: number,
): Promise<Order> {
  const { rows } = await tx.query<Order>({
    name: 'insert_order',
    text: `INSERT INTO orders (reference, user_id, product_id, quantity, total_price, user_from_memory, numbering_after)
     VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 ms') RETURNING ${orderColumns}`,
    values: [
      uuidv7(),
      userId,
      productId,
      quantity,
      // As the decimal text that was sent, which numeric keeps exactly.
      String(totalPrice),
      verification === 'remembered',
      leaseMs,
    ],
  })
  FAILPOINT: crashAt('the order is written')
  return rows[0]!
}

/** An order, in the versions that the caller knows it in; any if undefined. */
export interface Edited {
  id: number
  versions: number[] | undefined
}

/** Undefined if the order is not there, not in a state from which it may become so, or not in one of the versions. */
export async function updateStatus(
  tx: Queryable,
  { id, versions }: Edited,
  status: OrderStatus,
): Promise<Order | undefined> {
  const { rows } = await tx.query<Order>(
    `UPDATE orders SET status = $2, version = version + 1, updated_at = now()
     WHERE id = $1 AND deleted_at IS NULL AND status = ANY($3::order_status[])
       AND ($4::int[] IS NULL OR version = ANY($4)) RETURNING ${orderColumns}`,
    [id, status, statusesBefore(status), versions],
  )
  return rows[0]
}

/** Undefined if the order is not there, or not in one of the versions. */
export async function markDeleted(tx: Queryable, { id, versions }: Edited): Promise<Order | undefined> {
  const { rows } = await tx.query<Order>(
    `UPDATE orders SET deleted_at = now(), updated_at = now()
     WHERE id = $1 AND deleted_at IS NULL AND ($2::int[] IS NULL OR version = ANY($2)) RETURNING ${orderColumns}`,
    [id, versions],
  )
  return rows[0]
}
