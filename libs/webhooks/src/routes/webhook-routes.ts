import {
  cursorQuery,
  cursorsOf,
  etagOf,
  pieceOf,
  route,
  text,
  toPiece,
  versionsIn,
  type Call,
  type Route,
} from '@ordinal/http'
import { z } from 'zod'
import type { WebhookErrorCode } from '../errors'
import type { WebhookService } from '../service'
import type { WebhookRow } from '../webhook-queries'
import { all, askingOf, one, path, replayedHeader } from './calls'
import { deliveryRoutes } from './delivery-routes'
import { toJson, webhook, withSecret, withTheSecret } from './webhook-json'

const url = z.string().min(1).max(2000).meta({
  description:
    'http or https, any port, without a user, a password and a fragment; it must lead to public addresses',
  example: 'https://receiver.example.com/orders',
})
const description = text(0, 200).meta({ description: 'For people', example: 'The ERP system' })

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
      async handle(call) {
        const { event_types, ...rest } = call.body
        const made = await webhooks.make({ ...rest, eventTypes: event_types }, askingOf(call))
        const { webhook, replayed } = made
        return {
          status: 201,
          body: withTheSecret(made),
          headers: {
            ETag: etagOf(webhook.version),
            Location: `${path}/${webhook.id}`,
            'Cache-Control': 'no-store',
            ...replayedHeader(replayed),
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
      idempotent: true,
      answers: { 200: withSecret },
      headers: ['ETag'],
      errors: [...changed, 'idempotency_key_reused'],
      async handle(call) {
        const edited = editedOf(call.params, call.headers)
        const made = await webhooks.rotate(edited, call.body.overlap_seconds, askingOf(call))
        const { webhook, replayed } = made
        return {
          status: 200,
          body: withTheSecret(made),
          headers: {
            ETag: etagOf(webhook.version),
            'Cache-Control': 'no-store',
            ...replayedHeader(replayed),
          },
        }
      },
    }),
    ...deliveryRoutes(webhooks),
  ]
}

const byId = cursorsOf('webhooks', z.tuple([z.int().min(1)]), undefined)

const editedOf = ({ id }: { id: number }, headers: Call<unknown, unknown, unknown>['headers']) => ({
  id,
  versions: versionsIn(headers['if-match']),
})

const toReply = (webhook: WebhookRow) => ({
  status: 200 as const,
  body: toJson(webhook),
  headers: { ETag: etagOf(webhook.version) },
})
