import {
  id,
  idempotencyKeyOf,
  idParams,
  integerText,
  isPageOrCursor,
  listOf,
  listQuery,
  pageOrCursor,
  route,
  timeLeftOf,
  timestamp,
  versionsIn,
  type Call,
  type Route,
} from '@ordinal/service'
import { z } from 'zod'
import { toJson, type OrderJson } from './order'
import {
  listFilter,
  newOrder,
  orderCursor,
  price,
  productId,
  quantity,
  status,
  toNewOrder,
} from './order-requests'
import type { Orders } from './orders'
import { patienceOf } from './patience'
import type { PlaceOrder } from './place-order'
import type { ReadOrders } from './read-orders'
import { user } from './users'

const order = z
  .object({
    id: id(),
    reference: z.uuid().meta({ description: 'A UUIDv7; the key under which the order gets its number' }),
    order_number: z.string().nullable().meta({
      description: 'Null while the sequencer is away; it comes within seconds of its return',
      example: 'ORD-2026-000001',
    }),
    user_id: id(),
    product_id: productId,
    quantity,
    total_price: price,
    user_from_memory: z.literal(true).optional().meta({
      description:
        'Only there if the user service did not answer when the order was placed, and its user had been verified a moment before',
    }),
    status,
    version: z.int().min(1).meta({ description: 'Counts the changes; the ETag' }),
    created_at: timestamp(),
    updated_at: timestamp(),
  })
  .meta({ id: 'Order' })
const orderWithUser = order
  .extend({
    user: user
      .nullable()
      .meta({ description: 'As the user service has it; null if it does not tell in time' }),
  })
  .meta({ id: 'OrderWithUser' })

const query = z
  .strictObject({ ...listQuery(orderCursor), user_id: integerText(1).optional(), ...listFilter })
  .refine(isPageOrCursor, pageOrCursor)

interface Deps {
  orders: Orders
  placeOrder: PlaceOrder
  readOrders: ReadOrders
}

/** `/api/v1/orders`. */
export function orderRoutes({ orders, placeOrder, readOrders }: Deps): Route[] {
  const change = {
    path: '/api/v1/orders/{id}',
    tag: 'orders',
    summary: 'Take an order one step further; with If-Match only if it has not changed meanwhile',
    params: idParams,
    body: z.strictObject({ status }),
    answers: { 200: order },
    headers: ['ETag'] as const,
    conditional: true,
    timed: true,
    errors: ['order_not_found', 'illegal_transition', 'version_mismatch', 'outcome_unknown'] as const,
    async handle({
      params,
      body,
      headers,
      context,
      gone,
    }: Call<{ id: number }, unknown, { status: z.output<typeof status> }>) {
      const versions = versionsIn(headers['if-match'])
      const patience = patienceOf({ timeLeftMs: timeLeftOf(headers, context), gone: gone() })
      const changed = await orders.changeStatus(params.id, body.status, versions, context, patience)
      return { status: 200 as const, body: toJson(changed), headers: etagOf(changed) }
    },
  }
  return [
    route({
      method: 'post',
      path: '/api/v1/orders',
      tag: 'orders',
      summary: 'Place an order',
      body: newOrder,
      idempotent: true,
      timed: true,
      answers: { 201: order },
      headers: ['ETag', 'Location'],
      errors: [
        'user_unknown',
        'user_inactive',
        'user_service_unavailable',
        'idempotency_key_reused',
        'idempotency_key_in_use',
        'outcome_unknown',
      ],
      async handle({ body, headers, context, gone }) {
        const timeLeftMs = timeLeftOf(headers, context)
        const asked = { idempotencyKey: idempotencyKeyOf(headers), context, timeLeftMs, gone: gone() }
        const { order, replayed } = await placeOrder(toNewOrder(body), asked)
        return { status: 201, body: order, headers: headersOfPlaced(order, replayed) }
      },
    }),
    route({
      method: 'get',
      workload: 'heavy',
      path: '/api/v1/orders',
      tag: 'orders',
      summary: 'List orders, oldest first, by page or by cursor',
      query,
      answers: { 200: listOf(order) },
      handle: async ({ query }) => ({ status: 200, body: await readOrders.list(query) }),
    }),
    route({
      method: 'get',
      path: '/api/v1/orders/{id}',
      tag: 'orders',
      summary: 'Read an order, with its user if the user service answers',
      params: idParams,
      timed: true,
      answers: { 200: orderWithUser },
      headers: ['ETag'],
      errors: ['order_not_found'],
      async handle({ params, headers, context }) {
        const patience = patienceOf({ timeLeftMs: timeLeftOf(headers, context) })
        const order = await readOrders.one(params.id, context, patience)
        return { status: 200, body: order, headers: etagOf(order) }
      },
    }),
    route({ method: 'put', ...change }),
    route({ method: 'patch', ...change }),
    route({
      method: 'delete',
      path: '/api/v1/orders/{id}',
      tag: 'orders',
      summary: 'Delete an order, which keeps its number; with If-Match only if it has not changed meanwhile',
      params: idParams,
      answers: { 204: null },
      conditional: true,
      timed: true,
      errors: ['order_not_found', 'version_mismatch', 'outcome_unknown'],
      async handle({ params, headers, context, gone }) {
        const patience = patienceOf({ timeLeftMs: timeLeftOf(headers, context), gone: gone() })
        await orders.remove(params.id, versionsIn(headers['if-match']), context, patience)
        return { status: 204, body: null }
      },
    }),
  ]
}

const etagOf = ({ version }: { version: number }) => ({ ETag: `"${version}"` })

const headersOfPlaced = (order: OrderJson, replayed: boolean) => ({
  ...etagOf(order),
  Location: `/api/v1/orders/${order.id}`,
  ...(replayed && { 'Idempotency-Replayed': 'true' }),
})
