export const orderStatuses = ['pending', 'confirmed', 'shipped', 'delivered', 'cancelled'] as const

export type OrderStatus = (typeof orderStatuses)[number]

const steps: Record<OrderStatus, readonly OrderStatus[]> = {
  pending: ['confirmed', 'cancelled'],
  confirmed: ['shipped', 'cancelled'],
  shipped: ['delivered'],
  delivered: [],
  cancelled: [],
}

/** Whether an order may go from one status to another in one step. */
export const mayBecome = (from: OrderStatus, to: OrderStatus): boolean => steps[from].includes(to)

/** From where an order may become so. */
export const statusesBefore = (to: OrderStatus): OrderStatus[] =>
  orderStatuses.filter((from) => mayBecome(from, to))
