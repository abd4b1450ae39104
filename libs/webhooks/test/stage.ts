import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pool } from 'pg'
import { Registry } from 'prom-client'
import { createPool, transaction } from '@ordinal/database'
import { createEvents, createOutbox, type RedisSettings } from '@ordinal/events'
import { createLogger } from '@ordinal/logging'
import type { PassedTrace } from '@ordinal/tracing'
import {
  changesSeen,
  changeSubject,
  collectLog,
  createTestDatabase,
  createTestTemplate,
  nthChange,
  subjectsTable,
  until,
  type ChangeSeen,
} from '@ordinal/testing'
import { addressPolicy } from '../src/addresses'
import { createSealer } from '../src/sealing'
import { createWebhookService } from '../src/service'
import type { WebhookSettings } from '../src/variables'
import { anyWebhook, createWebhooks } from '../src'

export type Stage = Awaited<ReturnType<typeof createStage>>
const schemas = ['../../events/schema.sql', '../../idempotency/schema.sql', '../schema.sql'].map((path) =>
  readFileSync(join(__dirname, path), 'utf8'),
)

/** Fast where production is patient. */
export const hurried: WebhookSettings = {
  webhookAllowedNetworks: ['127.0.0.1'],
  // Longer than a busy machine pauses: an attempt that is given up makes a delivery come twice.
  webhookTimeoutMs: 20_000,
  // So many that none fails for good, however long a test is kept waiting.
  webhookPauses: [20, 40, 80, 160, ...Array<number>(1_000).fill(300)],
  webhookConcurrency: 4,
  webhookMax: 100,
  webhookOffAfterDays: 5,
  webhookRetentionDays: 14,
  webhookKeys: undefined,
}
export const eventTypes = ['thing.changed', 'thing.removed'] as const
export const source = 'urn:test'
/** Who asks, without an Idempotency-Key. */
export const byTest = { caller: 'test', key: undefined }

/**
 * A database with an outbox and webhooks, and as many instances of a service as are started.
 *
 * @param redis by which events go; if not given they stay in the process
 */
export async function createStage(redis?: RedisSettings) {
  const template = await createTestTemplate('webhooks', async ({ url }) => {
    const pool = openPool(url)
    for (const schema of schemas) await pool.query(schema)
    await pool.query(subjectsTable)
    await pool.end()
  })
  const database = await createTestDatabase({ template })
  const pool = openPool(database.url)
  const outbox = createOutbox({ pool, source, isWanted: () => redis !== undefined, alsoWanted: anyWebhook })
  const instances: { stop(): Promise<void> }[] = []
  const service = serviceOn(pool)

  return {
    database,
    pool,
    service,

    /** Makes a webhook; gives its id and its secret. */
    async subscribe(url: string, types: readonly string[] = ['thing.changed']) {
      const wanted = { url, eventTypes: types, description: '', enabled: true }
      const { webhook, secret } = await service.make(wanted, byTest)
      return { id: webhook.id, secret }
    },

    /** Changes a subject, as a service would, and tells of it: `n` counts the changes of that subject. */
    async change(subject: string, type: (typeof eventTypes)[number] = 'thing.changed', trace?: PassedTrace) {
      await transaction(pool, async (tx) => {
        const data = await changeSubject(tx, subject)
        await outbox.record(tx, [{ type, subject, data, trace }])
      })
    },

    /** An instance of the service. */
    startInstance(changed: Partial<WebhookSettings> = {}, databaseUrl = database.url) {
      const log = collectLog()
      const registry = new Registry()
      const ownPool = openPool(databaseUrl)
      const shared = {
        pool: ownPool,
        metrics: { prefix: 'test', registry } as never,
        log: createLogger({ service: 'test', level: 'debug', stream: log.stream }),
      }
      const webhooks = createWebhooks({
        ...shared,
        settings: { ...hurried, ...changed },
        source,
        eventTypes,
        pollMs: 30,
        recordingMs: 500,
      })
      const events = createEvents({
        ...shared,
        name: 'test',
        settings: {
          databaseUrl,
          redis,
          retry: { attempts: 4, firstDelayMs: 20, longestDelayMs: 100, attemptLimitMs: 2_000 },
          pollMs: 30,
          leaseMs: 1_000,
          retentionMs: 3_600_000,
        },
        consumers: [webhooks.consumer],
      })
      events.start()
      webhooks.start()
      let stopping: Promise<void> | undefined
      const stop = async () => {
        await Promise.all([events.stop(), webhooks.stop()])
        await ownPool.end()
      }
      const instance = {
        log,
        webhooks,
        async metric(series: string) {
          const line = (await registry.metrics()).split('\n').find((line) => line.startsWith(`${series} `))
          return Number(line?.slice(series.length + 1))
        },
        stop: () => (stopping ??= stop()),
      }
      instances.push(instance)
      return instance
    },

    /** How many deliveries are in a state, and events in the outbox. */
    async count(state: 'waiting' | 'delivered' | 'failed'): Promise<number> {
      const { rows } = await pool.query<{ count: number }>(
        `SELECT count(*) + CASE WHEN $1 = 'waiting' THEN (SELECT count(*) FROM outbox WHERE delivered_at IS NULL)
           ELSE 0 END AS count FROM webhook_deliveries WHERE state = $1`,
        [state],
      )
      return rows[0]!.count
    },

    async untilSettled(): Promise<void> {
      await until(async () => (await this.count('waiting')) === 0, 60_000)
    },

    async end(): Promise<void> {
      await Promise.all(instances.map((instance) => instance.stop()))
      await outbox.settled()
      await pool.end()
      await database.drop()
    },
  }
}

/** What administrators do, by a database. */
export const serviceOn = (pool: Pool) =>
  createWebhookService({
    pool,
    addresses: addressPolicy(hurried.webhookAllowedNetworks),
    sealer: createSealer([]),
    most: 100,
    source,
    onNews: () => undefined,
  })

export const openPool = (url: string): Pool =>
  createPool({
    url,
    applicationName: 'webhooks test',
    maxConnections: 10,
    connectTimeoutMs: 20_000,
    useTimeoutMs: 20_000,
    statementTimeoutMs: 5_000,
    onError: () => undefined,
  })

/** What a receiver got. */
type Got = readonly { event: ChangeSeen }[]

export const nOf = ({ event }: Got[number]) => nthChange(event)

/** The changes of each subject, in the order of their arrival; those that come again are left out. */
export const firstSeen = (got: Got) => changesSeen(got.map(({ event }) => event))

export const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1)
