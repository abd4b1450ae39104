import { cursorsOf, id, text, timestamp } from '@ordinal/http'
import { z } from 'zod'
import type { NewOrder } from '../domain/order'
import { orderStatuses } from '../domain/status'

// The fields of orders, as REST and gRPC take them.

export const productId = text(1, 100).meta({ example: 'PROD-123' })
/** The number of an order, as a caller names it. */
export const orderNumber = text(1, 200).meta({ example: 'ORD-2026-000001' })
export const quantity = z.int().min(1).max(1_000_000).meta({ example: 2 })
export const price = z.number().meta({ example: 99.99 })
// Decided by the decimal that the number prints as: to multiply it by 100 would refuse 8.95 and take 1e-9.
const newPrice = price
  .min(0, { abort: true })
  .max(9_999_999_999.99, { abort: true })
  .refine((value) => /^\d+(\.\d{1,2})?$/.test(String(value)), 'must have at most two decimals, such as 99.99')
  .meta({ description: 'At most two decimals' })
export const status = z.enum(orderStatuses)

export const newOrder = z.strictObject({
  user_id: id(),
  product_id: productId,
  quantity,
  total_price: newPrice,
})

/** An order, as REST answers it and events have it. */
export const order = z
  .object({
    id: id(),
    reference: z.uuid().meta({ description: 'A UUIDv7; the key under which the order gets its number' }),
    order_number: z.string().nullable().meta({
      description: 'Null while the sequencer is away; it comes within seconds of its return',
      example: 'ORD-2026-000001',
    }),
    user_id: id(),
    product_id: productId,
    quantity,
    total_price: price,
    user_from_memory: z.literal(true).optional().meta({
      description:
        'Only there if the user service did not answer when the order was placed, and its user had been verified a moment before',
    }),
    status,
    version: z.int().min(1).meta({ description: 'Counts the changes; the ETag' }),
    created_at: timestamp(),
    updated_at: timestamp(),
  })
  .meta({ id: 'Order' })

/** The same request by REST and by gRPC is the same order: an idempotency key may come by either. */
export const toNewOrder = (sent: z.output<typeof newOrder>): NewOrder => ({
  userId: sent.user_id,
  productId: sent.product_id,
  quantity: sent.quantity,
  totalPrice: sent.total_price,
})

/** What orders in a list have in common, besides what is a text in a query: the user's id, and whether they wait. */
export const listFilter = {
  order_number: orderNumber.optional(),
  reference: z.uuid().optional(),
  product_id: text(1, 100).optional(),
  status: status.optional(),
}

/** Orders are listed by their ids. */
export const orderCursors = cursorsOf('orders', z.tuple([z.int().min(1)]), [0])
