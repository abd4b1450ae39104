import { randomUUID } from 'node:crypto'
import type { Pool } from 'pg'
import { transaction, type Queryable } from '@ordinal/database'
import type { CloudEvent } from '@ordinal/events'
import { fingerprintOf } from '@ordinal/idempotency'
import type { PassedTrace } from '@ordinal/tracing'
import { AppError } from './errors'
import type { AddressPolicy } from './addresses'
import { receiverUrl } from './address-of-receiver'
import type { DeliveryState } from './delivery-queries'
import {
  findDelivery,
  leaveOne,
  listAttempts,
  listDeliveries,
  replayDelivery,
  replaySince,
  type Delivery,
} from './log-queries'
import type { Sealer } from './sealing'
import { newSecret } from './signature'
import {
  deleteWebhook,
  findMade,
  findWebhook,
  insertWebhook,
  listWebhooks,
  replaceSecret,
  updateWebhook,
  type WebhookChange,
  type WebhookRow,
} from './webhook-queries'

/** What an administrator asks for. */
export interface WebhookWanted {
  url: string
  eventTypes: readonly string[]
  description: string
  enabled: boolean
}

/** A webhook with its secret, which is shown to whoever has asked for it and to nobody again. */
export interface MadeWebhook {
  webhook: WebhookRow
  secret: string
  /** Whether the same request has made it before. */
  replayed: boolean
}

/** A webhook in the versions that the caller knows; any if undefined. */
export interface EditedWebhook {
  id: number
  versions: readonly number[] | undefined
}

export type WebhookService = ReturnType<typeof createWebhookService>

interface Deps {
  pool: Pool
  addresses: AddressPolicy
  sealer: Sealer
  most: number
  /** The `source` of test events. */
  source: string
  /** Called when deliveries are due. */
  onNews: () => void
}

/** The type of test events, which any webhook gets. */
const testType = 'webhook.test'

/** What administrators do with webhooks. */
export function createWebhookService({ pool, addresses, sealer, most, source, onNews }: Deps) {
  async function requireWebhook(id: number, db: Queryable = pool, lock = false): Promise<WebhookRow> {
    const webhook = await findWebhook(db, id, lock)
    if (!webhook) throw new AppError('webhook_not_found', `There is no webhook ${id}`)
    return webhook
  }

  /** Locks a webhook, and changes it if the caller knows its version. */
  const edit = <T>(
    { id, versions }: EditedWebhook,
    change: (tx: Queryable, before: WebhookRow) => Promise<T>,
  ): Promise<T> =>
    transaction(pool, async (tx) => {
      const before = await requireWebhook(id, tx, true)
      if (versions && !versions.includes(before.version))
        throw new AppError('version_mismatch', `Webhook ${id} is at version ${before.version}`)
      return change(tx, before)
    })

  /** What was made for the same request, while its secret is the one that was answered. */
  function made(webhook: WebhookRow, fingerprint: string, key: string): MadeWebhook {
    if (webhook.fingerprint !== fingerprint)
      throw new AppError('idempotency_key_reused', `The key "${key}" belongs to another request`)
    if (webhook.previousSecret !== null)
      throw new AppError('idempotency_key_reused', `The secret of webhook ${webhook.id} was replaced since`)
    return { webhook, secret: sealer.open(webhook.secret), replayed: true }
  }

  async function requireDelivery(id: number, deliveryId: number, found: Delivery | undefined) {
    if (found) return found
    await requireWebhook(id)
    throw new AppError('webhook_delivery_not_found', `Webhook ${id} has no delivery ${deliveryId}`)
  }

  return {
    /** In the order of their ids, from behind one. */
    list: (after: number, take: number) => listWebhooks(pool, { after, take }),

    /** @throws AppError `webhook_not_found` */
    find: (id: number) => requireWebhook(id),

    /**
     * Makes a webhook; it gets the events of changes that begin from now on.
     *
     * @throws AppError `validation_failed`, `too_many_webhooks`, `idempotency_key_reused`; CommitUnknownError
     */
    async make(wanted: WebhookWanted, key: string | undefined, createdBy: string): Promise<MadeWebhook> {
      const url = receiverUrl(wanted.url, addresses)
      const fingerprint = fingerprintOf({ ...wanted, url }).toString('hex')
      const secret = newSecret()
      const idempotency = key === undefined ? undefined : { key, fingerprint }
      const row = { ...wanted, url, secret: sealer.seal(secret), createdBy, idempotency }
      const webhook = await transaction(pool, (tx) => insertWebhook(tx, row, most))
      if (webhook === undefined) throw new AppError('too_many_webhooks', `There are ${most} webhooks`)
      if (webhook) return { webhook, secret, replayed: false }
      const before = await findMade(pool, createdBy, key!)
      // It was deleted a moment ago.
      if (!before)
        throw new AppError('idempotency_key_reused', `The key "${key}" made a webhook that is deleted`)
      return made(before, fingerprint, key!)
    },

    /** @throws AppError `webhook_not_found`, `version_mismatch`, `validation_failed`; CommitUnknownError */
    async change(edited: EditedWebhook, { url, ...change }: WebhookChange): Promise<WebhookRow> {
      const checked = url === undefined ? change : { ...change, url: receiverUrl(url, addresses) }
      const changed = await edit(edited, (tx) => updateWebhook(tx, edited.id, checked))
      onNews()
      return changed
    },

    /**
     * Gives a webhook another secret. Deliveries are signed with both until the overlap ends.
     *
     * @throws AppError `webhook_not_found`, `version_mismatch`; CommitUnknownError
     */
    async rotate(edited: EditedWebhook, overlapSeconds: number): Promise<MadeWebhook> {
      const secret = newSecret()
      const webhook = await edit(edited, (tx) =>
        replaceSecret(tx, edited.id, sealer.seal(secret), overlapSeconds),
      )
      return { webhook, secret, replayed: false }
    },

    /** @throws AppError `webhook_not_found`, `version_mismatch`; CommitUnknownError */
    remove: (edited: EditedWebhook): Promise<unknown> => edit(edited, (tx) => deleteWebhook(tx, edited.id)),

    /**
     * Sends a test event, as any other is sent.
     *
     * @throws AppError `webhook_not_found`, `webhook_off`
     */
    async test(id: number, trace: PassedTrace): Promise<Delivery> {
      const delivery = await edit({ id, versions: undefined }, (tx, { enabled }) => {
        if (!enabled) throw new AppError('webhook_off', `Webhook ${id} is switched off`)
        return leaveOne(tx, id, testEvent(source, id, trace))
      })
      onNews()
      return delivery
    },

    /** The deliveries to a webhook, latest first. @throws AppError `webhook_not_found` */
    async deliveries(id: number, state: DeliveryState | undefined, before: number, take: number) {
      await requireWebhook(id)
      return listDeliveries(pool, id, state, { before, take })
    },

    /** @throws AppError `webhook_not_found`, `webhook_delivery_not_found` */
    delivery: async (id: number, deliveryId: number): Promise<Delivery> =>
      requireDelivery(id, deliveryId, await findDelivery(pool, id, deliveryId)),

    /** The attempts to deliver, latest first. @throws AppError `webhook_not_found` */
    async attempts(id: number, deliveryId: number | undefined, before: number, take: number) {
      await requireWebhook(id)
      return listAttempts(pool, id, deliveryId, { before, take })
    },

    /** Has a delivery made again. @throws AppError `webhook_not_found`, `webhook_delivery_not_found` */
    async replay(id: number, deliveryId: number): Promise<Delivery> {
      const delivery = await requireDelivery(id, deliveryId, await replayDelivery(pool, id, deliveryId))
      onNews()
      return delivery
    },

    /**
     * Has all deliveries made again whose events came since a time, and that are settled.
     *
     * @returns how many
     * @throws AppError `webhook_not_found`
     */
    async replaySince(id: number, since: Date): Promise<number> {
      await requireWebhook(id)
      let total = 0
      for (let after: number | null = 0; after !== null;) {
        const { last, count } = await replaySince(pool, id, since, after)
        total += count
        after = last
      }
      onNews()
      return total
    },
  }
}

const testEvent = (source: string, id: number, { traceparent, tracestate }: PassedTrace): CloudEvent => ({
  specversion: '1.0',
  id: randomUUID(),
  source,
  type: testType,
  // One of its own, so that no test waits for another.
  subject: `webhook-${id}-${randomUUID()}`,
  time: new Date().toISOString(),
  datacontenttype: 'application/json',
  sequence: '0',
  traceparent,
  ...(tracestate !== undefined && { tracestate }),
  data: { webhook_id: id },
})
