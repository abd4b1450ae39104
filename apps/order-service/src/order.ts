import type { OrderStatus } from './status'

/** An order, as Prisma reads it and as `orderColumns` select it: with pg an int8 is a number and a numeric a text. */
export interface Order {
  id: bigint | number
  /** The public name of the order, and the key under which it gets its number. */
  reference: string
  /** Null until the sequencer has answered. */
  orderNumber: string | null
  /** Counts the keys under which the sequencer was asked for it. */
  numberingAttempt: number
  userId: bigint | number
  productId: string
  quantity: number
  totalPrice: { toString(): string }
  /** The user service was away when it was placed, and its user had been verified a moment before. */
  userFromMemory: boolean
  status: OrderStatus
  /** Counts the edits, for `If-Match`. The number is none: it completes the order, and guards nothing. */
  version: number
  createdAt: Date
  updatedAt: Date
}

/** The key under which the sequencer is asked for an order's number: its reference, and after conflicts one derived from it. */
export const keyFor = ({ reference, numberingAttempt }: Pick<Order, 'reference' | 'numberingAttempt'>) =>
  numberingAttempt === 1 ? reference : `${reference}:${numberingAttempt}`

/** The columns of an `Order`, for the statements that do not go through Prisma. */
export const orderColumns = `id, reference, order_number AS "orderNumber",
  numbering_attempt AS "numberingAttempt", user_id AS "userId",
  product_id AS "productId", quantity, total_price AS "totalPrice", user_from_memory AS "userFromMemory",
  status, version,
  created_at AS "createdAt", updated_at AS "updatedAt"`

/** An order as it is answered. */
export type OrderJson = ReturnType<typeof toJson>

export const toJson = (order: Order) => ({
  id: Number(order.id),
  reference: order.reference,
  order_number: order.orderNumber,
  user_id: Number(order.userId),
  product_id: order.productId,
  quantity: order.quantity,
  // Twelve digits: a double holds every one of them, and prints the same decimal.
  total_price: Number(order.totalPrice.toString()),
  ...(order.userFromMemory && { user_from_memory: true as const }),
  status: order.status,
  version: order.version,
  created_at: order.createdAt.toISOString(),
  updated_at: order.updatedAt.toISOString(),
})
