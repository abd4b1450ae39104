import type { components, operations } from './generated/orders'
import type { CallOptions } from './options'
import { resourceOf } from './resource'
import { path, type Send } from './send'
import type { Answer, Body, PageQuery, Query } from './types'

export type Order = components['schemas']['Order']
export type OrderWithUser = Answer<operations['get_orders_id']>
export type NewOrder = Body<operations['post_orders']>
export type OrderChange = Body<operations['patch_orders_id']>
export type OrderFilter = Query<operations['get_orders']>
export type OrderPageQuery = PageQuery<operations['get_orders']>
export type OrderPage = Answer<operations['get_orders']>
export type OrderServiceDiagnostics = Answer<operations['get_diagnostics']>

/** The order service. An order's `order_number` is null while the sequencer is away; the order gets it by itself. */
export const ordersOf = (send: Send) => ({
  ...resourceOf<Order, NewOrder, OrderChange, OrderPageQuery, OrderPage>(send, '/api/v1/orders'),

  get: (id: number, options?: CallOptions) =>
    send<OrderWithUser>({ method: 'GET', path: path`/api/v1/orders/${id}` }, options),

  getByNumber: (number: string, options?: CallOptions) =>
    send<OrderWithUser>({ method: 'GET', path: path`/api/v1/orders/by-number/${number}` }, options),
})
