import { grpcMethod, loadProtos, type GrpcCall, type GrpcService } from '@ordinal/grpc'
import { id, isPageOrCursor, pageOrCursor } from '@ordinal/service'
import { z } from 'zod'
import { toJson } from './order'
import { listFilter, newOrder, orderCursor, status, toNewOrder } from './order-requests'
import type { Orders } from './orders'
import { patienceOf, type Wait } from './patience'
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
      async handle(call) {
        const { idempotencyKey, context } = call
        const asked = { idempotencyKey, context, ...waitOf(call) }
        const { order, replayed } = await placeOrder(toNewOrder(call.message), asked)
        return { message: { order }, metadata: replayed ? { 'idempotency-replayed': 'true' } : undefined }
      },
    }),
    GetOrder: grpcMethod({
      message: getMessage,
      workload: 'read',
      async handle(call) {
        const { user, ...order } = await readOrders.one(
          call.message.id,
          call.context,
          patienceOf(waitOf(call)),
        )
        return { message: { order, user } }
      },
    }),
    ListOrders: grpcMethod({
      message: listMessage,
      workload: 'heavy',
      async handle({ message }) {
        const { data, pagination } = await readOrders.list(message)
        return { message: { orders: data, pagination } }
      },
    }),
    UpdateOrder: grpcMethod({
      message: updateMessage,
      async handle(call) {
        const { id, status, version } = call.message
        const patience = patienceOf(waitOf(call))
        const changed = await orders.changeStatus(id, status, versionsOf(version), call.context, patience)
        return { message: { order: toJson(changed) } }
      },
    }),
    DeleteOrder: grpcMethod({
      message: deleteMessage,
      async handle(call) {
        const { id, version } = call.message
        await orders.remove(id, versionsOf(version), call.context, patienceOf(waitOf(call)))
        return { message: {} }
      },
    }),
  },
})

const waitOf = ({ timeLeftMs, gone }: Pick<GrpcCall<never>, 'timeLeftMs' | 'gone'>): Wait => ({
  timeLeftMs,
  gone: gone(),
})

const versionsOf = (version: number | undefined) => (version === undefined ? undefined : [version])
