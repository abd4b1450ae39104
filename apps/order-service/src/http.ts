import {
  id,
  idempotencyKeyOf,
  idParams,
  integerText,
  pageOf,
  pageQuery,
  route,
  skipOf,
  text,
  timeLeftOf,
  timestamp,
  toPage,
  versionsIn,
  type Call,
  type Route,
} from '@ordinal/service'
import { z } from 'zod'
import { toJson, type OrderJson } from './order'
import type { Orders } from './orders'
import { patienceOf } from './patience'
import type { PlaceOrder } from './place-order'
import { orderStatuses } from './status'
import { user, type Users } from './users'

const productId = text(1, 100).meta({ example: 'PROD-123' })
const quantity = z.int().min(1).max(1_000_000).meta({ example: 2 })
const price = z.number().meta({ example: 99.99 })
// Decided by the decimal that the number prints as: to multiply it by 100 would refuse 8.95 and take 1e-9.
const newPrice = price
  .min(0, { abort: true })
  .max(9_999_999_999.99, { abort: true })
  .refine((value) => /^\d+(\.\d{1,2})?$/.test(String(value)), 'must have at most two decimals, such as 99.99')
  .meta({ description: 'At most two decimals' })
const status = z.enum(orderStatuses)

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

const newOrder = z.strictObject({ user_id: id(), product_id: productId, quantity, total_price: newPrice })
const listQuery = z.strictObject({
  ...pageQuery,
  user_id: integerText(1).optional(),
  product_id: text(1, 100).optional(),
  status: status.optional(),
})

// Longer than a user service that is well takes, shorter than anybody minds.
const userLimitMs = 500

interface Deps {
  orders: Orders
  placeOrder: PlaceOrder
  users: Users
}

/** `/api/v1/orders`. */
export function orderRoutes({ orders, placeOrder, users }: Deps): Route[] {
  const change = {
    path: '/api/v1/orders/{id}',
    tag: 'orders',
    summary: 'Take an order one step further; with If-Match only if it has not changed meanwhile',
    params: idParams,
    body: z.strictObject({ status }),
    answers: { 200: order },
    headers: ['ETag'] as const,
    conditional: true,
    errors: ['order_not_found', 'illegal_transition', 'version_mismatch', 'outcome_unknown'] as const,
    async handle({
      params,
      body,
      headers,
      context,
    }: Call<{ id: number }, unknown, { status: z.output<typeof status> }>) {
      const versions = versionsIn(headers['if-match'])
      const changed = await orders.changeStatus(params.id, body.status, versions, context)
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
        const { order, replayed } = await placeOrder(
          {
            userId: body.user_id,
            productId: body.product_id,
            quantity: body.quantity,
            totalPrice: body.total_price,
          },
          asked,
        )
        return { status: 201, body: order, headers: headersOfPlaced(order, replayed) }
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/orders',
      tag: 'orders',
      summary: 'List orders, oldest first',
      query: listQuery,
      answers: { 200: pageOf(order) },
      async handle({ query }) {
        const filter = { userId: query.user_id, productId: query.product_id, status: query.status }
        const found = await orders.list(filter, { skip: skipOf(query), take: query.page_size })
        return { status: 200, body: toPage(found.orders.map(toJson), found.total, query) }
      },
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
        const order = await orders.require(params.id)
        const limitMs = Math.min(userLimitMs, patience.callMs())
        const user = await users.findInTime(Number(order.userId), context, limitMs)
        return { status: 200, body: { ...toJson(order), user }, headers: etagOf(order) }
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
      errors: ['order_not_found', 'version_mismatch', 'outcome_unknown'],
      async handle({ params, headers, context }) {
        await orders.remove(params.id, versionsIn(headers['if-match']), context)
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
