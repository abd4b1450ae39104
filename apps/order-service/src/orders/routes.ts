import {
  booleanText,
  idParams,
  integerText,
  isPageOrCursor,
  listOf,
  listQuery,
  pageOrCursor,
  route,
  versionsIn,
  type Call,
  type Route,
} from '@ordinal/http'
import { idempotencyKeyOf } from '@ordinal/idempotency'
import { z } from 'zod'
import type { OrderJson } from '../domain/order'
import { etagOfOrder } from './etag'
import { workloadOfList } from './list-cost'
import { listFilter, newOrder, order, orderCursors, orderNumber, status, toNewOrder } from './schemas'
import type { Orders } from './service'
import type { PlaceOrder } from './place-order'
import { user } from '../clients/users'
import type { ErrorCode } from '../domain/errors'

const orderWithUser = order
  .extend({
    user: user.nullable().meta({
      description:
        'As the user service has it; null if it does not answer in time, and for a key whose scopes are without users:read',
    }),
  })
  .meta({ id: 'OrderWithUser' })

const query = z
  .strictObject({
    ...listQuery,
    user_id: integerText(1).optional(),
    ...listFilter,
    without_number: booleanText()
      .optional()
      .meta({ description: 'true: only orders that wait for their number' }),
  })
  .refine(isPageOrCursor, pageOrCursor)

interface Deps {
  orders: Orders
  placeOrder: PlaceOrder
}

/** `/api/v1/orders`. */
export function orderRoutes({ orders, placeOrder }: Deps): Route<ErrorCode>[] {
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
      deadline,
    }: Call<{ id: number }, unknown, { status: z.output<typeof status> }>) {
      const edited = { id: params.id, versions: versionsIn(headers['if-match']) }
      const changed = await orders.changeStatus(edited, body.status, context, deadline)
      return { status: 200 as const, body: changed, headers: { ETag: etagOfOrder(changed) } }
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
        'user_service_refuses',
        'order_numbers_exhausted',
        'idempotency_key_reused',
        'idempotency_key_in_use',
        'outcome_unknown',
      ],
      async handle({ body, headers, context, deadline }) {
        const asked = { idempotencyKey: idempotencyKeyOf(headers), context, deadline }
        const { order, replayed } = await placeOrder(toNewOrder(body), asked)
        return { status: 201, body: order, headers: headersOfPlaced(order, replayed) }
      },
    }),
    route({
      method: 'get',
      workload: workloadOfList,
      path: '/api/v1/orders',
      tag: 'orders',
      summary: 'List orders, oldest first, by page or by cursor',
      query,
      answers: { 200: listOf(order) },
      async handle({ query: { page, cursor, page_size, ...filter }, context }) {
        const part = { page, after: orderCursors.read(cursor, filter), page_size }
        return { status: 200, body: await orders.list(part, filter, context) }
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
      async handle({ params, context, deadline }) {
        const order = await orders.one(params.id, context, deadline)
        return { status: 200, body: order, headers: { ETag: etagOfOrder(order) } }
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/orders/by-number/{number}',
      tag: 'orders',
      summary: 'Read the order that has a number, with its user if the user service answers',
      params: z.strictObject({ number: orderNumber }),
      timed: true,
      answers: { 200: orderWithUser },
      headers: ['ETag'],
      errors: ['order_not_found'],
      async handle({ params, context, deadline }) {
        const order = await orders.oneByNumber(params.number, context, deadline)
        return { status: 200, body: order, headers: { ETag: etagOfOrder(order) } }
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
      async handle({ params, headers, context, deadline }) {
        const edited = { id: params.id, versions: versionsIn(headers['if-match']) }
        await orders.remove(edited, context, deadline)
        return { status: 204, body: null }
      },
    }),
  ]
}

const headersOfPlaced = (order: OrderJson, replayed: boolean) => ({
  ETag: etagOfOrder(order),
  Location: `/api/v1/orders/${order.id}`,
  ...(replayed && { 'Idempotency-Replayed': 'true' }),
})
