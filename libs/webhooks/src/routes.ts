import {
  cursorQuery,
  cursorsOf,
  etagOf,
  id,
  idParams,
  integerText,
  pieceOf,
  route,
  text,
  timestamp,
  toPiece,
  versionsIn,
  type Call,
  type Route,
} from '@ordinal/http'
import { idempotencyKeyOf } from '@ordinal/idempotency'
import { z } from 'zod'
import type { WebhookErrorCode } from './errors'
import type { Attempt, Delivery } from './log-queries'
import type { MadeWebhook, WebhookService } from './service'
import type { WebhookRow } from './webhook-queries'

const path = '/api/v1/webhooks'
const url = z.string().min(1).max(2000).meta({
  description:
    'http or https, any port, without a user, a password and a fragment; it must lead to public addresses',
  example: 'https://receiver.example.com/orders',
})
const description = text(0, 200).meta({ description: 'For people', example: 'The ERP system' })
const deliveryState = z.enum(['waiting', 'delivered', 'failed'])

// What a handler of theirs gets is checked by schemas that are made for the service's event types.
type Fields = { url: string; event_types: string[]; description: string; enabled: boolean }

/** @param eventTypes the types of events that there are */
export function webhookRoutes(
  webhooks: WebhookService,
  eventTypes: readonly [string, ...string[]],
): Route<WebhookErrorCode>[] {
  const types = z
    .array(z.enum(eventTypes))
    .min(1)
    .max(eventTypes.length)
    .refine((all) => new Set(all).size === all.length, 'must not name a type twice')
    .meta({ description: 'The types of the events that it gets' })
  const webhook = z
    .object({
      id: id(),
      url: z.string(),
      event_types: z.array(z.string()),
      description: z.string(),
      enabled: z.boolean(),
      off_reason: z.enum(['requested', 'failing', 'gone']).nullable().meta({
        description:
          'Why it is off: somebody has asked for it, no delivery succeeded for days, or the receiver answered 410',
      }),
      off_at: timestamp().nullable(),
      failing_since: timestamp()
        .nullable()
        .meta({ description: 'When the first delivery failed since the last success' }),
      last_success_at: timestamp().nullable().meta({ description: 'To about ten seconds' }),
      previous_secret_until: timestamp()
        .nullable()
        .meta({ description: 'Until when deliveries are signed with the secret before, too' }),
      version: z.int().min(1).meta({ description: 'Counts the changes; the ETag' }),
      created_at: timestamp(),
      updated_at: timestamp(),
      created_by: z.string(),
    })
    .meta({ id: 'Webhook' })
  const withSecret = webhook
    .extend({
      secret: z.string().meta({
        description: 'What deliveries are signed with, as Standard Webhooks have it. Shown this once',
        example: 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
      }),
    })
    .meta({ id: 'WebhookWithSecret' })

  const all = { tag: 'webhooks', requires: 'admin' } as const
  const one = { ...all, path: `${path}/{id}`, params: idParams } as const
  const changed = ['webhook_not_found', 'version_mismatch', 'outcome_unknown'] as const

  return [
    route({
      ...all,
      method: 'get',
      path,
      summary: 'List the webhooks, oldest first',
      query: z.strictObject(cursorQuery),
      answers: { 200: pieceOf(webhook) },
      async handle({ query: { cursor, page_size } }) {
        const [after] = byId.read(cursor) ?? [0]
        const rows = await webhooks.list(after, page_size + 1)
        return { status: 200, body: toPiece(rows, page_size, toJson, (row) => byId.write([row.id])) }
      },
    }),
    route({
      ...all,
      method: 'post',
      path,
      summary: 'Make a webhook, which gets the events that come from now on; its secret is shown this once',
      body: z.strictObject({
        url,
        event_types: types,
        description: description.default(''),
        enabled: z.boolean().default(true),
      }),
      idempotent: true,
      answers: { 201: withSecret },
      headers: ['ETag', 'Location'],
      errors: ['too_many_webhooks', 'idempotency_key_reused', 'outcome_unknown'],
      async handle({ body, headers, context }) {
        const { event_types, ...rest } = body
        const wanted = { ...rest, eventTypes: event_types }
        const made = await webhooks.make(wanted, idempotencyKeyOf(headers), context.caller)
        const { webhook, replayed } = made
        return {
          status: 201,
          body: withTheSecret(made),
          headers: {
            ETag: etagOf(webhook.version),
            Location: `${path}/${webhook.id}`,
            'Cache-Control': 'no-store',
            ...(replayed && { 'Idempotency-Replayed': 'true' }),
          },
        }
      },
    }),
    route({
      ...one,
      method: 'get',
      summary: 'Read a webhook',
      answers: { 200: webhook },
      headers: ['ETag'],
      errors: ['webhook_not_found'],
      handle: async ({ params }) => toReply(await webhooks.find(params.id)),
    }),
    route({
      ...one,
      method: 'patch',
      summary:
        'Change a webhook, or switch it off and on; with If-Match only if it has not changed meanwhile',
      body: z
        .strictObject({
          url: url.optional(),
          event_types: types.optional(),
          description: description.optional(),
          enabled: z.boolean().optional(),
        })
        .refine(
          (fields) => Object.values(fields).some((value) => value !== undefined),
          'must change something',
        ),
      conditional: true,
      answers: { 200: webhook },
      headers: ['ETag'],
      errors: changed,
      async handle({ params, body, headers }) {
        const { event_types, ...rest } = body as Partial<Fields>
        return toReply(await webhooks.change(editedOf(params, headers), { ...rest, eventTypes: event_types }))
      },
    }),
    route({
      ...one,
      method: 'delete',
      summary: 'Delete a webhook with its deliveries; with If-Match only if it has not changed meanwhile',
      conditional: true,
      answers: { 204: null },
      errors: changed,
      async handle({ params, headers }) {
        await webhooks.remove(editedOf(params, headers))
        return { status: 204, body: null }
      },
    }),
    route({
      ...one,
      method: 'post',
      path: `${one.path}/rotate`,
      summary:
        'Give a webhook another secret, which is shown this once; the one before signs too for a while',
      body: z.strictObject({
        overlap_seconds: z
          .int()
          .min(0)
          .max(31_622_400)
          .default(86_400)
          .meta({ description: 'For how long deliveries are signed with both' }),
      }),
      conditional: true,
      answers: { 200: withSecret },
      headers: ['ETag'],
      errors: changed,
      async handle({ params, body, headers }) {
        const made = await webhooks.rotate(editedOf(params, headers), body.overlap_seconds)
        return {
          status: 200,
          body: withTheSecret(made),
          headers: { ETag: etagOf(made.webhook.version), 'Cache-Control': 'no-store' },
        }
      },
    }),
    ...deliveryRoutes(webhooks),
  ]
}

const byId = cursorsOf('webhooks', z.tuple([z.int().min(1)]), undefined)
const byDelivery = cursorsOf('webhook deliveries', z.tuple([z.int().min(1)]))
const byAttempt = cursorsOf('webhook attempts', z.tuple([z.int().min(1)]))
const last = Number.MAX_SAFE_INTEGER

const delivery = z
  .object({
    id: id(),
    state: deliveryState.meta({
      description:
        '`failed`: no attempt was left. What waits longer than its attempts waits for the receiver to return',
    }),
    event: z
      .object({ id: z.string(), type: z.string(), subject: z.string() })
      .loose()
      .meta({ description: 'As it is sent: a CloudEvent' }),
    attempts: z.int().meta({ description: 'Since it was made, or last replayed' }),
    due_at: timestamp().nullable().meta({ description: 'When it is tried next; null if it waits no longer' }),
    created_at: timestamp(),
    settled_at: timestamp().nullable(),
  })
  .meta({ id: 'WebhookDelivery' })
const attempt = z
  .object({
    id: id(),
    delivery_id: id(),
    nth: z.int().meta({ description: 'Of the delivery; one whose process ended is missing' }),
    at: timestamp(),
    duration_ms: z.int(),
    status: z.int().nullable().meta({ description: 'Of the answer; null if there was none' }),
    answer: z.string().nullable().meta({ description: 'The first kilobyte of it' }),
    error: z
      .string()
      .nullable()
      .meta({ description: 'Why there was none', example: 'ECONNREFUSED: connect' }),
  })
  .meta({ id: 'WebhookAttempt' })

/** What becomes of events: the deliveries, the attempts, and how they are made again. */
function deliveryRoutes(webhooks: WebhookService): Route<WebhookErrorCode>[] {
  const one = { tag: 'webhooks', requires: 'admin', path: `${path}/{id}`, params: idParams } as const
  const ofOne = {
    ...one,
    path: `${path}/{id}/deliveries/{delivery_id}`,
    params: idParams.extend({ delivery_id: integerText(1) }),
    errors: ['webhook_not_found', 'webhook_delivery_not_found'],
  } as const
  return [
    route({
      ...one,
      method: 'post',
      path: `${one.path}/test`,
      summary: 'Send a test event, of the type webhook.test',
      answers: { 202: delivery },
      errors: ['webhook_not_found', 'webhook_off', 'outcome_unknown'],
      async handle({ params, context }) {
        return { status: 202, body: toDelivery(await webhooks.test(params.id, context)) }
      },
    }),
    route({
      ...one,
      method: 'post',
      path: `${one.path}/replay`,
      summary: 'Make all deliveries again whose events came since a time',
      body: z.strictObject({ since: timestamp() }),
      answers: { 202: z.object({ replayed: z.int() }).meta({ id: 'WebhookReplay' }) },
      errors: ['webhook_not_found'],
      async handle({ params, body }) {
        return {
          status: 202,
          body: { replayed: await webhooks.replaySince(params.id, new Date(body.since)) },
        }
      },
    }),
    route({
      ...one,
      method: 'get',
      path: `${one.path}/deliveries`,
      summary: 'List the deliveries to a webhook, latest first',
      query: z.strictObject({ ...cursorQuery, state: deliveryState.optional() }),
      answers: { 200: pieceOf(delivery) },
      errors: ['webhook_not_found'],
      async handle({ params, query: { cursor, page_size, state } }) {
        const filter = { id: params.id, state }
        const [before] = byDelivery.read(cursor, filter) ?? [last]
        const rows = await webhooks.deliveries(params.id, state, before, page_size + 1)
        const body = toPiece(rows, page_size, toDelivery, (row) => byDelivery.write([row.id], filter))
        return { status: 200, body }
      },
    }),
    route({
      ...ofOne,
      method: 'get',
      summary: 'Read a delivery to a webhook',
      answers: { 200: delivery },
      async handle({ params }) {
        return { status: 200, body: toDelivery(await webhooks.delivery(params.id, params.delivery_id)) }
      },
    }),
    route({
      ...ofOne,
      method: 'post',
      path: `${ofOne.path}/replay`,
      summary: 'Make a delivery again, now',
      answers: { 202: delivery },
      async handle({ params }) {
        return { status: 202, body: toDelivery(await webhooks.replay(params.id, params.delivery_id)) }
      },
    }),
    route({
      ...one,
      method: 'get',
      path: `${one.path}/attempts`,
      summary: 'List the attempts to deliver to a webhook, latest first',
      query: z.strictObject({ ...cursorQuery, delivery_id: integerText(1).optional() }),
      answers: { 200: pieceOf(attempt) },
      errors: ['webhook_not_found'],
      async handle({ params, query: { cursor, page_size, delivery_id } }) {
        const filter = { id: params.id, delivery_id }
        const [before] = byAttempt.read(cursor, filter) ?? [last]
        const rows = await webhooks.attempts(params.id, delivery_id, before, page_size + 1)
        const body = toPiece(rows, page_size, toAttempt, (row) => byAttempt.write([row.id], filter))
        return { status: 200, body }
      },
    }),
  ]
}

const editedOf = ({ id }: { id: number }, headers: Call<unknown, unknown, unknown>['headers']) => ({
  id,
  versions: versionsIn(headers['if-match']),
})

const toReply = (webhook: WebhookRow) => ({
  status: 200 as const,
  body: toJson(webhook),
  headers: { ETag: etagOf(webhook.version) },
})

const withTheSecret = ({ webhook, secret }: MadeWebhook) => ({ ...toJson(webhook), secret })

const isoOf = (date: Date | null) => date?.toISOString() ?? null

const toJson = (webhook: WebhookRow) => ({
  id: webhook.id,
  url: webhook.url,
  event_types: webhook.eventTypes,
  description: webhook.description,
  enabled: webhook.enabled,
  off_reason: webhook.offReason,
  off_at: isoOf(webhook.offAt),
  failing_since: isoOf(webhook.failingSince),
  last_success_at: isoOf(webhook.lastSuccessAt),
  previous_secret_until: isoOf(webhook.previousUntil),
  version: webhook.version,
  created_at: webhook.createdAt.toISOString(),
  updated_at: webhook.updatedAt.toISOString(),
  created_by: webhook.createdBy,
})

const toDelivery = ({ id, state, event, attempts, dueAt, createdAt, settledAt }: Delivery) => ({
  id,
  state,
  event: { ...event },
  attempts,
  due_at: state === 'waiting' ? dueAt.toISOString() : null,
  created_at: createdAt.toISOString(),
  settled_at: isoOf(settledAt),
})

const toAttempt = ({ id, deliveryId, nth, at, durationMs, status, answer, error }: Attempt) => ({
  id,
  delivery_id: deliveryId,
  nth,
  at: at.toISOString(),
  duration_ms: durationMs,
  status,
  answer,
  error,
})
