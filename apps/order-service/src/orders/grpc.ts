import { grpcMethod, loadProtos, type GrpcService } from '@ordinal/grpc'
import { cursorText, id, isPageOrCursor, pageOrCursor } from '@ordinal/http'
import { z } from 'zod'
import { workloadOfList } from './list-cost'
import { listFilter, newOrder, orderCursors, orderNumber, status, toNewOrder } from './schemas'
import type { Orders } from './service'
import type { PlaceOrder } from './place-order'

// What a client knows the order in; any will do if it is not set.
const version = z.int().min(1).optional()

const getMessage = z.strictObject({ id: id() })
const getByNumberMessage = z.strictObject({ order_number: orderNumber })
const updateMessage = z.strictObject({ id: id(), status, version })
const deleteMessage = z.strictObject({ id: id(), version })
const listMessage = z
  .strictObject({
    page: z.int().min(1).max(1_000_000).optional(),
    cursor: cursorText.optional(),
    page_size: z.int().min(1).max(100).default(20),
    user_id: id().optional(),
    ...listFilter,
    without_number: z.boolean().optional(),
  })
  .refine(isPageOrCursor, pageOrCursor)

interface Deps {
  orders: Orders
  placeOrder: PlaceOrder
}

/**
 * `orders.OrderService`: the calls that HTTP has, over gRPC.
 *
 * @param appFolder the folder of this source, or of the bundle
 */
export const orderService = ({ orders, placeOrder }: Deps, appFolder: string): GrpcService => ({
  name: 'orders.OrderService',
  protos: loadProtos(appFolder, 'orders.proto'),
  methods: {
    CreateOrder: grpcMethod({
      message: newOrder,
      idempotent: true,
      async handle(call) {
        const { order, replayed } = await placeOrder(toNewOrder(call.message), call)
        return { message: { order }, metadata: replayed ? { 'idempotency-replayed': 'true' } : undefined }
      },
    }),
    GetOrder: grpcMethod({
      message: getMessage,
      workload: 'read',
      async handle(call) {
        const { user, ...order } = await orders.one(call.message.id, call.context, call.deadline)
        return { message: { order, user } }
      },
    }),
    GetOrderByNumber: grpcMethod({
      message: getByNumberMessage,
      workload: 'read',
      async handle(call) {
        const { order_number } = call.message
        const { user, ...order } = await orders.oneByNumber(order_number, call.context, call.deadline)
        return { message: { order, user } }
      },
    }),
    ListOrders: grpcMethod({
      message: listMessage,
      workload: workloadOfList,
      async handle({ message: { page, cursor, page_size, ...filter }, context }) {
        const part = { page, after: orderCursors.read(cursor, filter, 'cursor'), page_size }
        const { data, pagination } = await orders.list(part, filter, context)
        return { message: { orders: data, pagination } }
      },
    }),
    UpdateOrder: grpcMethod({
      message: updateMessage,
      async handle(call) {
        const { id, status, version } = call.message
        const edited = { id, versions: versionsOf(version) }
        const order = await orders.changeStatus(edited, status, call.context, call.deadline)
        return { message: { order } }
      },
    }),
    DeleteOrder: grpcMethod({
      message: deleteMessage,
      async handle(call) {
        const { id, version } = call.message
        const edited = { id, versions: versionsOf(version) }
        await orders.remove(edited, call.context, call.deadline)
        return { message: {} }
      },
    }),
  },
})

const versionsOf = (version: number | undefined) => (version === undefined ? undefined : [version])
