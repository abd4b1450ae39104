import { int8sAsNumbers } from '@ordinal/database'
import type { Order } from '../domain/order'
import type { Order as OrderRow, PrismaClient } from '../generated/prisma/client'
import type { OrderFilter } from './list-queries'

interface Deps {
  prisma: PrismaClient
  /** For counts, which may look at every order. */
  heavyPrisma: PrismaClient
}

export type OrderRepository = ReturnType<typeof createOrderRepository>

/** Reads of orders that are not deleted. */
export const createOrderRepository = ({ prisma, heavyPrisma }: Deps) => ({
  async find(id: number): Promise<Order | undefined> {
    const row = await prisma.order.findFirst({ where: { id, deletedAt: null } })
    return row ? toOrder(row) : undefined
  },

  async findByNumber(orderNumber: string): Promise<Order | undefined> {
    const row = await prisma.order.findFirst({ where: { orderNumber, deletedAt: null } })
    return row ? toOrder(row) : undefined
  },

  /** How many orders there are that fit. */
  count: (filter: OrderFilter): Promise<number> =>
    heavyPrisma.order.count({ where: { ...filter, deletedAt: null } }),
})

const toOrder = (row: OrderRow): Order => ({
  ...int8sAsNumbers(row),
  totalPrice: row.totalPrice.toString(),
})
