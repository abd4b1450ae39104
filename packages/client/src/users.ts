import type { components, operations } from './generated/users'
import type { CallOptions, ChangeOptions } from './options'
import { itemsOf, type Piece } from './pages'
import { path, type Send } from './send'
import type { Answer, Body, PageQuery, Query } from './types'

export type User = components['schemas']['User']
export type NewUser = Body<operations['post_users']>
export type UserChange = Body<operations['patch_users_id']>
export type UserFilter = Query<operations['get_users']>
export type UserPage = Answer<operations['get_users']>

/** The user service. */
export const usersOf = (send: Send) => ({
  create: (user: NewUser, options?: CallOptions) =>
    send<User>({ method: 'POST', path: '/api/v1/users', body: user }, options),

  get: (id: number, options?: CallOptions) =>
    send<User>({ method: 'GET', path: path`/api/v1/users/${id}` }, options),

  /** All that fit, the oldest first. */
  list: (filter: UserFilter = {}, options?: CallOptions) =>
    itemsOf(
      (cursor) =>
        send<Piece<User>>({ method: 'GET', path: '/api/v1/users', query: { ...filter, cursor } }, options),
      '0',
    ),

  /** One piece of the list, for tables: with `cursor` or, to have the total, with `page`. */
  page: (filter: PageQuery<operations['get_users']> = {}, options?: CallOptions) =>
    send<UserPage>({ method: 'GET', path: '/api/v1/users', query: filter }, options),

  update: (id: number, change: UserChange, options?: ChangeOptions) =>
    send<User>({ method: 'PATCH', path: path`/api/v1/users/${id}`, body: change }, options),

  /** Deletes a user; with `erase: true` name and address are gone for ever (administrators). */
  delete: (id: number, query: Query<operations['delete_users_id']> = {}, options?: ChangeOptions) =>
    send<void>({ method: 'DELETE', path: path`/api/v1/users/${id}`, query }, options),
})
