import type { components, operations } from './generated/users'
import type { ChangeOptions } from './options'
import { resourceOf } from './resource'
import { path, type Send } from './send'
import type { Answer, Body, PageQuery, Query } from './types'

export type User = components['schemas']['User']
export type NewUser = Body<operations['post_users']>
export type UserChange = Body<operations['patch_users_id']>
export type UserFilter = Query<operations['get_users']>
export type UserPageQuery = PageQuery<operations['get_users']>
export type UserPage = Answer<operations['get_users']>
export type UserServiceDiagnostics = Answer<operations['get_diagnostics']>

/** The user service. */
export const usersOf = (send: Send) => ({
  ...resourceOf<User, NewUser, UserChange, UserPageQuery, UserPage>(send, '/api/v1/users'),

  /** Deletes a user; with `erase: true` name and address are gone for ever (administrators). */
  delete: (id: number, query: Query<operations['delete_users_id']> = {}, options?: ChangeOptions) =>
    send<void>({ method: 'DELETE', path: path`/api/v1/users/${id}`, query }, options),
})
