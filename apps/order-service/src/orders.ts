import { AppError } from '@ordinal/errors'
import type { PrismaClient } from './generated/prisma/client'
import type { Order } from './order'
import { mayBecome, statusesBefore, type OrderStatus } from './status'

export interface OrderFilter {
  userId?: number | undefined
  productId?: string | undefined
  status?: OrderStatus | undefined
}

export type Orders = ReturnType<typeof createOrders>

/** Orders that are placed. A deleted one stays in the database with its number, and is never found again. */
export function createOrders(prisma: PrismaClient) {
  /** @throws AppError `order_not_found` */
  async function requireOrder(id: number): Promise<Order> {
    const order = await prisma.order.findFirst({ where: { id, deletedAt: null } })
    return order ?? missing(id)
  }

  return {
    require: requireOrder,

    /** A page of the orders that fit, oldest first, and the count of all that fit. */
    async list(filter: OrderFilter, page: { skip: number; take: number }) {
      const where = { ...filter, deletedAt: null }
      const [orders, total]: [Order[], number] = await Promise.all([
        prisma.order.findMany({ where, orderBy: { id: 'asc' }, ...page }),
        prisma.order.count({ where }),
      ])
      return { orders, total }
    },

    /**
     * Takes an order one step further.
     *
     * @param versions those that the caller knows the order in; any if undefined
     * @throws AppError `order_not_found`, `version_mismatch`, `illegal_transition`
     */
    async changeStatus(id: number, status: OrderStatus, versions?: number[]): Promise<Order> {
      const where = { id, deletedAt: null, status: { in: statusesBefore(status) }, version: { in: versions } }
      // Somebody else may change the order between the two statements, but it has few steps to go: this ends.
      for (;;) {
        const data = { status, version: { increment: 1 } }
        const [changed] = await prisma.order.updateManyAndReturn({ where, data })
        if (changed) return changed
        const order = await requireOrder(id)
        requireVersion(order, versions)
        if (!mayBecome(order.status, status)) {
          throw new AppError(
            'illegal_transition',
            `Order ${id} is ${order.status} and cannot become ${status}`,
          )
        }
      }
    },

    /**
     * @param versions as for `changeStatus`
     * @throws AppError `order_not_found`, `version_mismatch`
     */
    async remove(id: number, versions?: number[]): Promise<void> {
      const where = { id, deletedAt: null, version: { in: versions } }
      for (;;) {
        const { count } = await prisma.order.updateMany({ where, data: { deletedAt: new Date() } })
        if (count > 0) return
        requireVersion(await requireOrder(id), versions)
      }
    },
  }
}

function missing(id: number): never {
  throw new AppError('order_not_found', `There is no order ${id}`)
}

function requireVersion({ id, version }: Order, versions: number[] | undefined): void {
  if (!versions || versions.includes(version)) return
  throw new AppError('version_mismatch', `Order ${id} is at version ${version}; its ETag is "${version}"`)
}
