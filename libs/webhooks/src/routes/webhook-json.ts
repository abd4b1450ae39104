import { id, timestamp } from '@ordinal/http'
import { z } from 'zod'
import type { MadeWebhook } from '../service'
import type { WebhookRow } from '../webhook-queries'

/** A webhook, as answers have it. */
export const webhook = z
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

/** With the secret, for whoever has asked for it. */
export const withSecret = webhook
  .extend({
    secret: z.string().meta({
      description: 'What deliveries are signed with, as Standard Webhooks have it. Shown this once',
      example: 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
    }),
  })
  .meta({ id: 'WebhookWithSecret' })

export const isoOf = (date: Date | null) => date?.toISOString() ?? null

export const toJson = (webhook: WebhookRow) => ({
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

export const withTheSecret = ({ webhook, secret }: MadeWebhook) => ({ ...toJson(webhook), secret })
