import type { components, operations } from './generated/orders'
import type { CallOptions, ChangeOptions } from './options'
import { itemsOf, type Piece } from './pages'
import { path, type Send } from './send'
import type { Body, Query } from './types'

export type Webhook = components['schemas']['Webhook']
/** With the secret, which is shown only once. */
export type WebhookWithSecret = components['schemas']['WebhookWithSecret']
export type WebhookDelivery = components['schemas']['WebhookDelivery']
export type WebhookAttempt = components['schemas']['WebhookAttempt']
export type NewWebhook = Body<operations['post_webhooks']>
export type WebhookChange = Body<operations['patch_webhooks_id']>
export type WebhookRotation = Body<operations['post_webhooks_id_rotate']>
export type DeliveryFilter = Query<operations['get_webhooks_id_deliveries']>
export type AttemptFilter = Query<operations['get_webhooks_id_attempts']>

/** Who gets the events of orders over HTTP. For administrators. */
export const webhooksOf = (send: Send) => ({
  /** The oldest first, without their secrets. */
  list: (options?: CallOptions) =>
    itemsOf((cursor) =>
      send<Piece<Webhook>>({ method: 'GET', path: '/api/v1/webhooks', query: { cursor } }, options),
    ),

  get: (id: number, options?: CallOptions) =>
    send<Webhook>({ method: 'GET', path: path`/api/v1/webhooks/${id}` }, options),

  /** Makes a webhook. Its secret is in the answer, and in that of the same call with the same key. */
  create: (webhook: NewWebhook, options?: CallOptions) =>
    send<WebhookWithSecret>({ method: 'POST', path: '/api/v1/webhooks', body: webhook }, options),

  /** Changes a webhook, or switches it off and on. */
  update: (id: number, change: WebhookChange, options?: ChangeOptions) =>
    send<Webhook>({ method: 'PATCH', path: path`/api/v1/webhooks/${id}`, body: change }, options),

  /** Deletes a webhook with its deliveries. */
  delete: (id: number, options?: ChangeOptions) =>
    send<void>({ method: 'DELETE', path: path`/api/v1/webhooks/${id}` }, options),

  /** Gives a webhook another secret. It is in the answer, and in that of the same call with the same key. */
  rotate: (id: number, rotation: WebhookRotation = {}, options?: ChangeOptions) =>
    send<WebhookWithSecret>(
      { method: 'POST', path: path`/api/v1/webhooks/${id}/rotate`, body: rotation },
      options,
    ),

  /** Sends an event of the type `webhook.test`. */
  test: (id: number, options?: CallOptions) =>
    send<WebhookDelivery>({ method: 'POST', path: path`/api/v1/webhooks/${id}/test` }, options),

  /** What was delivered, waits, or has failed: the latest first. */
  deliveries: (id: number, filter: DeliveryFilter = {}, options?: CallOptions) =>
    itemsOf((cursor) =>
      send<Piece<WebhookDelivery>>(
        { method: 'GET', path: path`/api/v1/webhooks/${id}/deliveries`, query: { ...filter, cursor } },
        options,
      ),
    ),

  delivery: (id: number, deliveryId: number, options?: CallOptions) =>
    send<WebhookDelivery>(
      { method: 'GET', path: path`/api/v1/webhooks/${id}/deliveries/${deliveryId}` },
      options,
    ),

  /** What came of each attempt: the latest first. */
  attempts: (id: number, filter: AttemptFilter = {}, options?: CallOptions) =>
    itemsOf((cursor) =>
      send<Piece<WebhookAttempt>>(
        { method: 'GET', path: path`/api/v1/webhooks/${id}/attempts`, query: { ...filter, cursor } },
        options,
      ),
    ),

  /** Makes a delivery again, now. */
  replayDelivery: (id: number, deliveryId: number, options?: CallOptions) =>
    send<WebhookDelivery>(
      { method: 'POST', path: path`/api/v1/webhooks/${id}/deliveries/${deliveryId}/replay` },
      options,
    ),

  /** Makes all deliveries again whose events came since a time, and gives how many. */
  replay: (id: number, request: { since: string }, options?: CallOptions) =>
    send<components['schemas']['WebhookReplay']>(
      { method: 'POST', path: path`/api/v1/webhooks/${id}/replay`, body: request },
      options,
    ),
})
