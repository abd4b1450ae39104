import type { components, operations } from './generated/orders'
import type { CallOptions, ChangeOptions } from './options'
import { itemsOf, type Piece } from './pages'
import { path, type Send } from './send'
import type { Answer, Body, Item, PageQuery, Query } from './types'

export type Order = components['schemas']['Order']
export type OrderWithUser = Answer<operations['get_orders_id']>
export type NewOrder = Body<operations['post_orders']>
export type OrderChange = Body<operations['patch_orders_id']>
export type OrderFilter = Query<operations['get_orders']>
export type OrderPage = Answer<operations['get_orders']>

/** The order service. */
export const ordersOf = (send: Send) => ({
  /** Places an order. `order_number` is null while the sequencer is away; the order gets it by itself. */
  create: (order: NewOrder, options?: CallOptions) =>
    send<Order>({ method: 'POST', path: '/api/v1/orders', body: order }, options),

  get: (id: number, options?: CallOptions) =>
    send<OrderWithUser>({ method: 'GET', path: path`/api/v1/orders/${id}` }, options),

  getByNumber: (number: string, options?: CallOptions) =>
    send<OrderWithUser>({ method: 'GET', path: path`/api/v1/orders/by-number/${number}` }, options),

  /** All that fit, the oldest first. */
  list: (filter: OrderFilter = {}, options?: CallOptions) =>
    itemsOf(
      (cursor) =>
        send<Piece<Item<operations['get_orders']>>>(
          { method: 'GET', path: '/api/v1/orders', query: { ...filter, cursor } },
          options,
        ),
      '0',
    ),

  /** One piece of the list, for tables: with `cursor` or, to have the total, with `page`. */
  page: (filter: PageQuery<operations['get_orders']> = {}, options?: CallOptions) =>
    send<OrderPage>({ method: 'GET', path: '/api/v1/orders', query: filter }, options),

  /** Changes the status of an order. */
  update: (id: number, change: OrderChange, options?: ChangeOptions) =>
    send<Order>({ method: 'PATCH', path: path`/api/v1/orders/${id}`, body: change }, options),

  delete: (id: number, options?: ChangeOptions) =>
    send<void>({ method: 'DELETE', path: path`/api/v1/orders/${id}` }, options),
})
