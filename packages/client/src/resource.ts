import type { CallOptions, ChangeOptions } from './options'
import { itemsOf, type Piece } from './pages'
import { path, type Send } from './send'

/**
 * What is created, read, listed, changed and deleted below one path of a service.
 *
 * @param root the path: `/api/v1/invoices`
 */
export const resourceOf = <
  One,
  New extends object,
  Change extends object,
  PageQuery extends object,
  Page extends Piece<One>,
>(
  send: Send,
  root: string,
) => ({
  /** Creates one. */
  create: (given: New, options?: CallOptions) =>
    send<One>({ method: 'POST', path: root, body: given }, options),

  /** Reads one. */
  get: (id: number, options?: CallOptions) =>
    send<One>({ method: 'GET', path: root + path`/${id}` }, options),

  /** All that fit, the oldest first. */
  list: (filter?: Omit<PageQuery, 'cursor' | 'page'>, options?: CallOptions) =>
    itemsOf<One>(
      (cursor) => send<Page>({ method: 'GET', path: root, query: { ...filter, cursor } }, options),
      '0',
    ),

  /** One piece of the list, for tables: with `cursor` or, to have the total, with `page`. */
  page: (query?: PageQuery, options?: CallOptions) =>
    send<Page>({ method: 'GET', path: root, query }, options),

  /** Changes the fields that are given. */
  update: (id: number, change: Change, options?: ChangeOptions) =>
    send<One>({ method: 'PATCH', path: root + path`/${id}`, body: change }, options),

  /** Deletes one. */
  delete: (id: number, options?: ChangeOptions) =>
    send<void>({ method: 'DELETE', path: root + path`/${id}` }, options),
})
