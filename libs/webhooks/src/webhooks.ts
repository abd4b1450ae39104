import type { Pool } from 'pg'
import type { Queryable } from '@ordinal/database'
import type { Logger } from '@ordinal/logging'
import type { Metrics } from '@ordinal/metrics'
import { createPeriodicTask } from '@ordinal/periodic-task'
import type { Tracing } from '@ordinal/tracing'
import { addressPolicy } from './addresses'
import { createWebhookConsumer } from './consumer'
import { createDeliverer } from './deliverer'
import { webhookBacklogs, type WebhookBacklog } from './delivery-queries'
import { createWebhookMetrics } from './metrics'
import { webhookRoutes } from './routes/webhook-routes'
import { createSealer } from './sealing'
import { createSend } from './send'
import { createWebhookService } from './service'
import type { WebhookSettings } from './variables'
import { countWebhooks } from './webhook-queries'

interface Deps {
  pool: Pool
  settings: WebhookSettings
  /** The `source` of the service's events. */
  source: string
  /** The types of its events. */
  eventTypes: readonly [string, ...string[]]
  metrics: Metrics
  log: Logger
  tracing?: Tracing | undefined
  /** How often what is due is looked for. */
  pollMs?: number
  /** How long it may take to write what came of an attempt: then another instance makes the delivery. */
  recordingMs?: number
}

const dayMs = 86_400_000

/**
 * The webhooks of a service with an outbox: a consumer for it, routes, and a task for the background. Its database has
 * schema.sql, and that of libs/idempotency; its outbox keeps what `anyWebhook` says is wanted.
 */
export function createWebhooks(deps: Deps) {
  const {
    pool,
    settings,
    source,
    eventTypes,
    metrics,
    log,
    tracing,
    pollMs = 1_000,
    recordingMs = 6_000,
  } = deps
  const addresses = addressPolicy(settings.webhookAllowedNetworks)
  const sealer = createSealer(settings.webhookKeys ?? [])
  const timeoutMs = settings.webhookTimeoutMs
  const { send, close } = createSend({ addresses, timeoutMs })
  const deliverer = createDeliverer({
    pool,
    settings: {
      pausesMs: settings.webhookPauses,
      offAfterMs: settings.webhookOffAfterDays * dayMs,
      concurrency: settings.webhookConcurrency,
      leaseMs: timeoutMs + recordingMs,
      retentionMs: settings.webhookRetentionDays * dayMs,
      pollMs,
    },
    send,
    sealer,
    metrics: createWebhookMetrics(metrics, pool),
    log,
    tracing,
  })
  const onNews = () => deliverer.wake()
  const service = createWebhookService({ pool, addresses, sealer, most: settings.webhookMax, source, onNews })

  let known = false
  const watch = createPeriodicTask({
    run: async () => void (known = (await countWebhooks(pool)) > 0),
    report: () => undefined,
    everyMs: pollMs,
  })

  return {
    consumer: createWebhookConsumer({ pool, eventTypes, onNews }),
    routes: webhookRoutes(service, eventTypes),
    /** Whether there were any a moment ago: a hint, for whom to wake. */
    mayBeThere: (): boolean => known,
    /** Those that were switched off for failing, and those that deliveries wait for. */
    backlogs: (db: Queryable): Promise<WebhookBacklog[]> => webhookBacklogs(db),
    start(): void {
      deliverer.start()
      watch.start()
    },
    /** Ends after what is under way. */
    async stop(): Promise<void> {
      await Promise.all([deliverer.stop(), watch.stop()])
      close()
    },
  }
}
