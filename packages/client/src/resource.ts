import type { CallOptions, ChangeOptions } from './options'
import { itemsOf, type ListedPage, type Piece, type Place } from './pages'
import { path, type Send } from './send'

/**
 * What is created, read, listed, changed and deleted below one path of a service.
 *
 * @param root the path: `/api/v1/invoices`
 */
export const resourceOf = <One, New extends object, Change extends object, Filter extends object>(
  send: Send,
  root: string,
) => ({
  create: (given: New, options?: CallOptions) =>
    send<One>({ method: 'POST', path: root, body: given }, options),

  get: (id: number, options?: CallOptions) =>
    send<One>({ method: 'GET', path: root + path`/${id}` }, options),

  /** All that fit, the oldest first. */
  list: (filter?: Filter, options?: CallOptions) =>
    itemsOf(
      (cursor) => send<Piece<One>>({ method: 'GET', path: root, query: { ...filter, cursor } }, options),
      '0',
    ),

  /** One piece of the list, for tables: with `cursor` or, to have the total, with `page`. */
  page: (filter?: Filter & Place, options?: CallOptions) =>
    send<ListedPage<One>>({ method: 'GET', path: root, query: filter }, options),

  update: (id: number, change: Change, options?: ChangeOptions) =>
    send<One>({ method: 'PATCH', path: root + path`/${id}`, body: change }, options),

  delete: (id: number, options?: ChangeOptions) =>
    send<void>({ method: 'DELETE', path: root + path`/${id}` }, options),
})
