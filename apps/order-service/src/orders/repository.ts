import { int8sAsNumbers, tracedPrisma } from '@ordinal/database'
import type { Span } from '@ordinal/tracing'
import type { Order } from '../domain/order'
import type { Order as OrderRow, PrismaClient } from '../generated/prisma/client'

export type OrderRepository = ReturnType<typeof createOrderRepository>

/** Reads of orders that are not deleted. */
export const createOrderRepository = (prisma: PrismaClient) => ({
  async find(id: number, span?: Span): Promise<Order | undefined> {
    const row = await tracedPrisma(prisma, span).order.findFirst({ where: { id, deletedAt: null } })
    return row ? toOrder(row) : undefined
  },

  async findByNumber(orderNumber: string, span?: Span): Promise<Order | undefined> {
    const row = await tracedPrisma(prisma, span).order.findFirst({ where: { orderNumber, deletedAt: null } })
    return row ? toOrder(row) : undefined
  },
})

const toOrder = (row: OrderRow): Order => ({
  ...int8sAsNumbers(row),
  totalPrice: row.totalPrice.toString(),
})
