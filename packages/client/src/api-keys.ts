import type { components, operations } from './generated/sequencer'
import type { CallOptions, ChangeOptions } from './options'
import { itemsOfPages, type Page } from './pages'
import { path, type Send } from './send'
import type { Body, Query } from './types'

export type ApiKey = components['schemas']['ApiKey']
/** With the text of the key, which is shown only once. */
export type MadeApiKey = components['schemas']['MadeApiKey']
export type NewApiKey = Body<operations['post_api_keys']>
export type ApiKeyRotation = Body<operations['post_api_keys_key_id_rotate']>

/** The managed API keys. For administrators. */
export const apiKeysOf = (send: Send) => ({
  list: (filter: Query<operations['get_api_keys']> = {}, options?: CallOptions) =>
    itemsOfPages((page) =>
      send<Page<ApiKey>>({ method: 'GET', path: '/api/v1/api-keys', query: { ...filter, page } }, options),
    ),

  get: (id: string, options?: CallOptions) =>
    send<ApiKey>({ method: 'GET', path: path`/api/v1/api-keys/${id}` }, options),

  create: (key: NewApiKey, options?: CallOptions) =>
    send<MadeApiKey>({ method: 'POST', path: '/api/v1/api-keys', body: key }, options),

  /** A key in place of another, which ends after the overlap. */
  rotate: (id: string, rotation: ApiKeyRotation, options?: CallOptions) =>
    send<MadeApiKey>({ method: 'POST', path: path`/api/v1/api-keys/${id}/rotate`, body: rotation }, options),

  /** Changes when a key ends. */
  update: (id: string, change: Body<operations['put_api_keys_key_id']>, options?: ChangeOptions) =>
    send<ApiKey>({ method: 'PUT', path: path`/api/v1/api-keys/${id}`, body: change }, options),

  /** Ends a key within seconds, everywhere. */
  revoke: (id: string, query: Query<operations['delete_api_keys_key_id']> = {}, options?: CallOptions) =>
    send<void>({ method: 'DELETE', path: path`/api/v1/api-keys/${id}`, query }, options),
})
