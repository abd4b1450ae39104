import { integer, list, seconds, variable } from '@ordinal/config'
import { z } from 'zod'
import { isNetwork } from './addresses'
import { isSealingKey } from './sealing'

/** How a service delivers to webhooks: what `webhookVariables` parse to. */
export interface WebhookSettings {
  webhookAllowedNetworks: readonly string[]
  webhookTimeoutMs: number
  webhookPauses: readonly number[]
  webhookConcurrency: number
  webhookMax: number
  webhookOffAfterDays: number
  webhookRetentionDays: number
  webhookKeys: readonly string[] | undefined
}

const network = z
  .string()
  .refine(isNetwork, 'must be a network such as 10.1.0.0/16, or an address')
  .meta({ examples: ['10.1.0.0/16'] })
const key = z
  .string()
  .refine(isSealingKey, 'must be 32 bytes in base64, as openssl rand -base64 32 prints them')
  .meta({ examples: ['MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='] })

const pauses = list(seconds({ unit: 'ms' })).refine((all) => all.length > 0, 'must name one pause at least')

/** The variables of a service that has webhooks. */
export const webhookVariables = (service: string) => ({
  webhookAllowedNetworks: variable(`${service}_WEBHOOK_ALLOWED_NETWORKS`, list(network), {
    description:
      'Networks that webhooks may be delivered to although they are not public: none if not set, so that nobody can have the service call what only it can reach (docs/webhooks.md)',
    default: '',
    example: '10.1.0.0/16,127.0.0.1',
  }),
  webhookTimeoutMs: variable(`${service}_WEBHOOK_TIMEOUT_MS`, integer({ min: 50, max: 60_000 }), {
    description: 'Milliseconds that a delivery to a webhook may take in all',
    default: 15_000,
  }),
  webhookPauses: variable(`${service}_WEBHOOK_PAUSES`, pauses, {
    description:
      'Seconds between the attempts to deliver to a webhook, one after the other; the jitter makes each up to a fifth longer',
    default: '5,300,1800,7200,18000,36000,50400,72000,86400',
  }),
  webhookConcurrency: variable(`${service}_WEBHOOK_CONCURRENCY`, integer({ min: 1, max: 64 }), {
    description: 'Deliveries to one webhook that may be under way at a time, in each instance',
    default: 4,
  }),
  webhookMax: variable(`${service}_WEBHOOK_MAX`, integer({ min: 0, max: 1000 }), {
    description: 'How many webhooks there may be',
    default: 100,
  }),
  webhookOffAfterDays: variable(`${service}_WEBHOOK_OFF_AFTER_DAYS`, integer({ min: 1, max: 60 }), {
    description: 'Days without a successful delivery after which a webhook that fails is switched off',
    default: 5,
  }),
  webhookRetentionDays: variable(`${service}_WEBHOOK_RETENTION_DAYS`, integer({ min: 1, max: 365 }), {
    description:
      'Days that deliveries to webhooks and their attempts are kept, to be read and replayed, and events for one that is switched off',
    default: 14,
  }),
  webhookKeys: variable(`${service}_WEBHOOK_KEYS`, list(key), {
    description:
      'Keys that the secrets of webhooks are encrypted with in the database: the first one encrypts, all decrypt; without any they are stored in clear text',
    optional: true,
    secret: true,
    example: 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
  }),
})
