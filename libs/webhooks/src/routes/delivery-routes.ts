import {
  cursorQuery,
  cursorsOf,
  idParams,
  integerText,
  pieceOf,
  route,
  timestamp,
  toPiece,
  type Route,
} from '@ordinal/http'
import { z } from 'zod'
import type { WebhookErrorCode } from '../errors'
import type { Delivery } from '../log-queries'
import type { WebhookService } from '../service'
import { attempt, delivery, deliveryState, toAttempt, toDelivery } from './delivery-json'
import { askingOf, one, replayedHeader } from './calls'

const byDelivery = cursorsOf('webhook deliveries', z.tuple([z.int().min(1)]))
const byAttempt = cursorsOf('webhook attempts', z.tuple([z.int().min(1)]))
const last = Number.MAX_SAFE_INTEGER

/** What becomes of events: the deliveries, the attempts, and how they are made again. */
export function deliveryRoutes(webhooks: WebhookService): Route<WebhookErrorCode>[] {
  const ofOne = {
    ...one,
    path: `${one.path}/deliveries/{delivery_id}`,
    params: idParams.extend({ delivery_id: integerText(1) }),
    errors: ['webhook_not_found', 'webhook_delivery_not_found'],
  } as const
  return [
    route({
      ...one,
      method: 'post',
      path: `${one.path}/test`,
      summary: 'Send a test event, of the type webhook.test',
      idempotent: true,
      answers: { 202: delivery },
      errors: [
        'webhook_not_found',
        'webhook_delivery_not_found',
        'webhook_off',
        'idempotency_key_reused',
        'outcome_unknown',
      ],
      handle: async (call) => accepted(await webhooks.test(call.params.id, call.context, askingOf(call))),
    }),
    route({
      ...one,
      method: 'post',
      path: `${one.path}/replay`,
      summary: 'Make all deliveries again whose events came since a time',
      body: z.strictObject({ since: timestamp() }),
      idempotent: true,
      answers: { 202: z.object({ replayed: z.int() }).meta({ id: 'WebhookReplay' }) },
      errors: ['webhook_not_found', 'idempotency_key_reused', 'outcome_unknown'],
      async handle(call) {
        const since = new Date(call.body.since)
        const { answer, replayed } = await webhooks.replaySince(call.params.id, since, askingOf(call))
        return { status: 202, body: { replayed: answer.count }, headers: replayedHeader(replayed) }
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
      idempotent: true,
      answers: { 202: delivery },
      errors: [...ofOne.errors, 'idempotency_key_reused', 'outcome_unknown'],
      async handle(call) {
        const { id, delivery_id } = call.params
        return accepted(await webhooks.replay(id, delivery_id, askingOf(call)))
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

const accepted = ({ delivery, replayed }: { delivery: Delivery; replayed: boolean }) => ({
  status: 202 as const,
  body: toDelivery(delivery),
  headers: replayedHeader(replayed),
})
