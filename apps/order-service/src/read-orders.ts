import type { Queryable } from '@ordinal/database'
import { toList } from '@ordinal/service'
import type { Trace } from './clients'
import { listOrders } from './list-orders'
import { toJson, type OrderJson } from './order'
import type { Orders } from './orders'
import { endless, type Patience } from './patience'
import type { OrderStatus } from './status'
import type { User, Users } from './users'

/** Which orders, and where in their list. */
export interface ListRequest {
  page?: number | undefined
  /** The id of the order before. In place of a page. */
  cursor?: readonly [id: number] | undefined
  page_size: number
  user_id?: number | undefined
  product_id?: string | undefined
  status?: OrderStatus | undefined
}

// Longer than a user service that is well takes, shorter than anybody minds.
const userLimitMs = 500

interface Deps {
  db: Queryable
  orders: Orders
  users: Users
}

export type ReadOrders = ReturnType<typeof createReadOrders>

/** Orders as they are answered, by REST and by gRPC alike. */
export function createReadOrders({ db, orders, users }: Deps) {
  return {
    /**
     * An order, with its user if the user service tells in time.
     *
     * @throws AppError `order_not_found`
     */
    async one(
      id: number,
      trace: Trace,
      { callMs }: Patience = endless,
    ): Promise<OrderJson & { user: User | null }> {
      const order = toJson(await orders.require(id))
      const limitMs = Math.min(userLimitMs, callMs())
      return { ...order, user: await users.findInTime(order.user_id, trace, limitMs) }
    },

    /** A part of a list, oldest first. It is counted only if it is read by page, and has no users. */
    async list({ page = 1, cursor, page_size, user_id, product_id, status }: ListRequest) {
      const filter = { userId: user_id, productId: product_id, status }
      // One more shows whether the list goes on.
      const take = page_size + 1
      const [rows, total] = await (cursor
        ? [await listOrders(db, filter, { after: cursor[0], take }), undefined]
        : Promise.all([listOrders(db, filter, { skip: (page - 1) * page_size, take }), orders.count(filter)]))
      return toList(rows, total, { page, page_size }, toJson, ({ id }) => [Number(id)])
    },
  }
}
