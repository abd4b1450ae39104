import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { transaction, type Queryable } from '@ordinal/database'
import type { AddressPolicy } from './addresses'
import { receiverUrl } from './address-of-receiver'
import { createDeliveryLog } from './delivery-log'
import { AppError } from './errors'
import { onceFor, type Asking } from './once'
import { requireWebhook } from './require-webhook'
import type { Sealer } from './sealing'
import { newSecret } from './signature'
import {
  deleteWebhook,
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

/** What is kept of the answer to a request that gave a webhook its secret. */
interface Secreted {
  webhook: number
  /** Of the secret, as its row has it. */
  digest: string
}

/** What administrators do with webhooks. */
export function createWebhookService({ pool, addresses, sealer, most, source, onNews }: Deps) {
  /** Locks a webhook, and changes it if the caller knows its version. */
  async function edit<T>(
    tx: Queryable,
    { id, versions }: EditedWebhook,
    change: () => Promise<T>,
  ): Promise<T> {
    const { version } = await requireWebhook(tx, id, 'to change')
    if (versions && !versions.includes(version))
      throw new AppError('version_mismatch', `Webhook ${id} is at version ${version}`)
    return change()
  }

  /** Gives a webhook a secret, and shows it; to the same request again while it is the one that the webhook has. */
  async function withSecret(
    by: Asking,
    request: object,
    work: (tx: Queryable) => Promise<WebhookRow>,
  ): Promise<MadeWebhook> {
    let made: WebhookRow | undefined
    const { answer, replayed } = await onceFor<Secreted>(pool, by, request, async (tx) => {
      made = await work(tx)
      return { webhook: made.id, digest: digestOf(made.secret) }
    })
    const webhook = made ?? (await stillAs(answer))
    return { webhook, secret: sealer.open(webhook.secret), replayed }
  }

  async function stillAs({ webhook: id, digest }: Secreted): Promise<WebhookRow> {
    const webhook = await findWebhook(pool, id)
    if (!webhook) throw new AppError('idempotency_key_reused', `Webhook ${id} was deleted since`)
    if (digestOf(webhook.secret) !== digest)
      throw new AppError('idempotency_key_reused', `The secret of webhook ${id} was replaced since`)
    return webhook
  }

  return {
    /** In the order of their ids, from behind one. */
    list: (after: number, take: number) => listWebhooks(pool, { after, take }),

    /** @throws AppError `webhook_not_found` */
    find: (id: number) => requireWebhook(pool, id),

    /**
     * Makes a webhook; it gets the events of changes that begin from now on.
     *
     * @throws AppError `validation_failed`, `too_many_webhooks`, `idempotency_key_reused`; CommitUnknownError
     */
    make(wanted: WebhookWanted, by: Asking): Promise<MadeWebhook> {
      const request = { ...wanted, url: receiverUrl(wanted.url, addresses) }
      const secret = sealer.seal(newSecret())
      return withSecret(by, request, async (tx) => {
        const made = await insertWebhook(tx, { ...request, secret, createdBy: by.caller }, most)
        if (!made) throw new AppError('too_many_webhooks', `There are ${most} webhooks`)
        return made
      })
    },

    /** @throws AppError `webhook_not_found`, `version_mismatch`, `validation_failed`; CommitUnknownError */
    async change(edited: EditedWebhook, { url, ...change }: WebhookChange): Promise<WebhookRow> {
      const checked = url === undefined ? change : { ...change, url: receiverUrl(url, addresses) }
      const changed = await transaction(pool, (tx) =>
        edit(tx, edited, () => updateWebhook(tx, edited.id, checked)),
      )
      onNews()
      return changed
    },

    /**
     * Gives a webhook another secret. Deliveries are signed with both until the overlap ends.
     *
     * @throws AppError `webhook_not_found`, `version_mismatch`, `idempotency_key_reused`; CommitUnknownError
     */
    rotate(edited: EditedWebhook, overlapSeconds: number, by: Asking): Promise<MadeWebhook> {
      const secret = sealer.seal(newSecret())
      const request = { rotate: edited.id, versions: edited.versions, overlapSeconds }
      return withSecret(by, request, (tx) =>
        edit(tx, edited, () => replaceSecret(tx, edited.id, secret, overlapSeconds)),
      )
    },

    /** @throws AppError `webhook_not_found`, `version_mismatch`; CommitUnknownError */
    remove: (edited: EditedWebhook): Promise<unknown> =>
      transaction(pool, (tx) => edit(tx, edited, () => deleteWebhook(tx, edited.id))),

    ...createDeliveryLog({ pool, source, onNews }),
  }
}

/** As `20261205030000_webhook_keys` has it: of what the row has, which is 256 random bits or more. */
const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')
