import type { OrderStatus } from './status'

export interface NewOrder {
  userId: number
  productId: string
  quantity: number
  totalPrice: number
}

/** An order. A type, as rows of pg are: an interface would need an index. */
export type Order = {
  id: number
  /** The public name of the order, and the key under which it gets its number. */
  reference: string
  /** Null until the sequencer has answered. */
  orderNumber: string | null
  /** Counts the keys under which the sequencer was asked for its number, from 1. */
  numberingAttempt: number
  userId: number
  productId: string
  quantity: number
  /** A decimal, as the database has it. */
  totalPrice: string
  /** The user service was away when it was placed, and its user had been verified a moment before. */
  userFromMemory: boolean
  status: OrderStatus
  /** Counts the edits, for `If-Match`. The number is none: it completes the order, and guards nothing. */
  version: number
  createdAt: Date
  updatedAt: Date
}

/** The columns of an `Order`, for the statements that do not go through Prisma. */
export const orderColumns = `id, reference, order_number AS "orderNumber",
  numbering_attempt AS "numberingAttempt", user_id AS "userId",
  product_id AS "productId", quantity, total_price AS "totalPrice", user_from_memory AS "userFromMemory",
  status, version,
  created_at AS "createdAt", updated_at AS "updatedAt"`

/** What numbering needs of an order. */
export type ToNumber = Pick<Order, 'id' | 'reference' | 'numberingAttempt' | 'userId'>

/** The key under which the sequencer is asked for an order's number: its reference, and after conflicts one derived from it. */
export const keyFor = ({ reference, numberingAttempt }: Pick<Order, 'reference' | 'numberingAttempt'>) =>
  numberingAttempt === 1 ? reference : `${reference}:${numberingAttempt}`

/** An order as it is answered. */
export type OrderJson = ReturnType<typeof toJson>

export const toJson = (order: Order) => toJsonAsOf(order, order.updatedAt.toISOString())

/** As `toJson`, of an order that is being changed: with a text in place of the time of the change. */
export const toJsonAsOf = (order: Order, updatedAt: string) => ({
  id: order.id,
  reference: order.reference,
  order_number: order.orderNumber,
  user_id: order.userId,
  product_id: order.productId,
  quantity: order.quantity,
  // Twelve digits: a double holds every one of them, and prints the same decimal.
  total_price: Number(order.totalPrice),
  ...(order.userFromMemory && { user_from_memory: true as const }),
  status: order.status,
  version: order.version,
  created_at: order.createdAt.toISOString(),
  updated_at: updatedAt,
})
