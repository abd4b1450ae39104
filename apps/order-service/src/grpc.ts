import { grpcMethod, loadProtos, type GrpcService } from '@ordinal/grpc'
import { id, isPageOrCursor, pageOrCursor } from '@ordinal/service'
import { z } from 'zod'
import { toJson } from './order'
import { listFilter, newOrder, orderCursor, status, toNewOrder } from './order-requests'
import type { Orders } from './orders'
import { patienceOf } from './patience'
import type { PlaceOrder } from './place-order'
import type { ReadOrders } from './read-orders'

// What a client knows the order in; any will do if it is not set.
const version = z.int().min(1).optional()

const getMessage = z.strictObject({ id: id() })
const updateMessage = z.strictObject({ id: id(), status, version })
const deleteMessage = z.strictObject({ id: id(), version })
const listMessage = z
  .strictObject({
    page: z.int().min(1).max(1_000_000).optional(),
    cursor: orderCursor.optional(),
    page_size: z.int().min(1).max(100).default(20),
    user_id: id().optional(),
    ...listFilter,
  })
  .refine(isPageOrCursor, pageOrCursor)

interface Deps {
  orders: Orders
  placeOrder: PlaceOrder
  readOrders: ReadOrders
}

/**
 * `orders.OrderService`: the calls that HTTP has, over gRPC.
 *
 * @param appFolder the folder of this source, or of the bundle
 */
export const orderService = ({ orders, placeOrder, readOrders }: Deps, appFolder: string): GrpcService => ({
  name: 'orders.OrderService',
  protos: loadProtos(appFolder, 'orders.proto'),
  methods: {
    CreateOrder: grpcMethod({
      message: newOrder,
      idempotent: true,
      async handle({ message, ...asked }) {
        const { order, replayed } = await placeOrder(toNewOrder(message), asked)
        return { message: { order }, metadata: replayed ? { 'idempotency-replayed': 'true' } : undefined }
      },
    }),
    GetOrder: grpcMethod({
      message: getMessage,
      async handle({ message, context, ...wait }) {
        const { user, ...order } = await readOrders.one(message.id, context, patienceOf(wait))
        return { message: { order, user } }
      },
    }),
    ListOrders: grpcMethod({
      message: listMessage,
      async handle({ message }) {
        const { data, pagination } = await readOrders.list(message)
        return { message: { orders: data, pagination } }
      },
    }),
    UpdateOrder: grpcMethod({
      message: updateMessage,
      async handle({ message: { id, status, version }, context, ...wait }) {
        const changed = await orders.changeStatus(id, status, versionsOf(version), context, patienceOf(wait))
        return { message: { order: toJson(changed) } }
      },
    }),
    DeleteOrder: grpcMethod({
      message: deleteMessage,
      async handle({ message: { id, version }, context, ...wait }) {
        await orders.remove(id, versionsOf(version), context, patienceOf(wait))
        return { message: {} }
      },
    }),
  },
})

const versionsOf = (version: number | undefined) => (version === undefined ? undefined : [version])
