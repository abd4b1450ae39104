import type { Pool } from 'pg'
import type { PassedTrace } from '@ordinal/tracing'
import type { DeliveryState } from './delivery-queries'
import { AppError } from './errors'
import {
  findDelivery,
  leaveOne,
  listAttempts,
  listDeliveries,
  replayDelivery,
  replaySince,
  type Delivery,
} from './log-queries'
import { onceFor, type Asking } from './once'
import { requireWebhook } from './require-webhook'
import { testEvent } from './test-event'

interface Deps {
  pool: Pool
  /** The `source` of test events. */
  source: string
  /** Called when deliveries are due. */
  onNews: () => void
}

/** A delivery that somebody has asked for. */
export interface AskedDelivery {
  delivery: Delivery
  /** Whether the same request has asked for it before; then this is how it is now. */
  replayed: boolean
}

// Of all that is replayed since a time: it becomes due together.
const replayLimitMs = 60_000

/** What administrators do with the deliveries of webhooks. */
export function createDeliveryLog({ pool, source, onNews }: Deps) {
  async function requireDelivery(id: number, deliveryId: number): Promise<Delivery> {
    const found = await findDelivery(pool, id, deliveryId)
    if (found) return found
    await requireWebhook(pool, id)
    throw noDelivery(id, deliveryId)
  }

  /** How a delivery is after a request, which may have come before. */
  async function asked(
    id: number,
    { answer, replayed }: { answer: { delivery: number }; replayed: boolean },
  ): Promise<AskedDelivery> {
    if (!replayed) onNews()
    return { delivery: await requireDelivery(id, answer.delivery), replayed }
  }

  return {
    /**
     * Sends a test event, as any other is sent.
     *
     * @throws AppError `webhook_not_found`, `webhook_off`, `idempotency_key_reused`; CommitUnknownError
     */
    async test(id: number, trace: PassedTrace, by: Asking): Promise<AskedDelivery> {
      const sent = await onceFor(pool, by, { test: id }, async (tx) => {
        const { enabled } = await requireWebhook(tx, id, 'to change')
        if (!enabled) throw new AppError('webhook_off', `Webhook ${id} is switched off`)
        return { delivery: await leaveOne(tx, id, testEvent(source, id, trace)) }
      })
      return asked(id, sent)
    },

    /** The deliveries to a webhook, latest first. @throws AppError `webhook_not_found` */
    async deliveries(id: number, state: DeliveryState | undefined, before: number, take: number) {
      await requireWebhook(pool, id)
      return listDeliveries(pool, id, state, { before, take })
    },

    /** @throws AppError `webhook_not_found`, `webhook_delivery_not_found` */
    delivery: requireDelivery,

    /** The attempts to deliver, latest first. @throws AppError `webhook_not_found` */
    async attempts(id: number, deliveryId: number | undefined, before: number, take: number) {
      await requireWebhook(pool, id)
      return listAttempts(pool, id, deliveryId, { before, take })
    },

    /**
     * Has a delivery made again.
     *
     * @throws AppError `webhook_not_found`, `webhook_delivery_not_found`, `idempotency_key_reused`; CommitUnknownError
     */
    async replay(id: number, deliveryId: number, by: Asking): Promise<AskedDelivery> {
      const again = await onceFor(pool, by, { replay: id, delivery: deliveryId }, async (tx) => {
        await requireWebhook(tx, id)
        if (!(await replayDelivery(tx, id, deliveryId))) throw noDelivery(id, deliveryId)
        return { delivery: deliveryId }
      })
      return asked(id, again)
    },

    /**
     * Has all deliveries made again whose events came since a time, and that are settled.
     *
     * @returns how many
     * @throws AppError `webhook_not_found`, `idempotency_key_reused`; CommitUnknownError
     */
    async replaySince(id: number, since: Date, by: Asking) {
      const request = { replay: id, since: since.toISOString() }
      const options = { timeoutMs: replayLimitMs }
      const again = await onceFor(
        pool,
        by,
        request,
        async (tx) => {
          await requireWebhook(tx, id)
          let total = 0
          for (let after: number | null = 0; after !== null;) {
            const { last, count } = await replaySince(tx, id, since, after)
            total += count
            after = last
          }
          return { count: total }
        },
        options,
      )
      if (!again.replayed) onNews()
      return again
    },
  }
}

const noDelivery = (id: number, deliveryId: number) =>
  new AppError('webhook_delivery_not_found', `Webhook ${id} has no delivery ${deliveryId}`)
