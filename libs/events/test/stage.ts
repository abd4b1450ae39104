import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pool } from 'pg'
import { Registry } from 'prom-client'
import { createPool, transaction } from '@ordinal/database'
import { createLogger } from '@ordinal/logging'
import {
  changeSubject,
  collectLog,
  createTestDatabase,
  createTestTemplate,
  subjectsTable,
} from '@ordinal/testing'
import { createOutbox, type CloudEvent, type Consumer } from '../src'
import { createEvents, type EventSettings } from '../src/events'
import type { RedisSettings } from '../src/redis/transport'

export type Stage = Awaited<ReturnType<typeof createStage>>
const schema = readFileSync(join(__dirname, '../schema.sql'), 'utf8')

/** Fast where production is patient. */
export const hurried = {
  retry: { attempts: 4, firstDelayMs: 20, longestDelayMs: 100, attemptLimitMs: 2_000 },
  pollMs: 50,
  // Longer than a busy machine pauses: what is leased to an instance is not delivered again meanwhile.
  leaseMs: 30_000,
  retentionMs: 3_600_000,
}

/** A database with an outbox, and as many instances of a service as are started. */
export async function createStage(redis?: RedisSettings) {
  const template = await createTestTemplate('events', async ({ url }) => {
    const pool = openPool(url)
    await pool.query(schema)
    await pool.query(subjectsTable)
    await pool.end()
  })
  const database = await createTestDatabase({ template })
  const pool = openPool(database.url)
  const outbox = createOutbox({ pool, source: 'urn:test' })
  const instances: { stop(): Promise<void> }[] = []

  return {
    database,
    pool,
    outbox,

    /** Changes a subject, as a service would, and tells of it: `n` counts the changes of that subject. */
    async change(subject: string, { type = 'thing.changed', poison = false, announce = true } = {}) {
      await transaction(pool, async (tx) => {
        const data = { ...(await changeSubject(tx, subject)), poison }
        await outbox.record(tx, [{ type, subject, data }])
      })
      if (announce) outbox.announce(type)
    },

    /** An instance of the service, with its consumers and a relay. */
    startInstance(consumers: Consumer[], changed: Partial<EventSettings> = {}) {
      const log = collectLog()
      const registry = new Registry()
      const ownPool = openPool(changed.databaseUrl ?? database.url)
      const events = createEvents({
        name: 'test',
        settings: { databaseUrl: database.url, redis, ...hurried, ...changed },
        pool: ownPool,
        consumers,
        metrics: { prefix: 'test', registry } as never,
        log: createLogger({ service: 'test', level: 'debug', stream: log.stream }),
      })
      events.start()
      let stopping: Promise<void> | undefined
      const instance = {
        log,
        /** The value of a metric, such as `test_events_dead_total{consumer="a"}`. */
        async metric(series: string) {
          const line = (await registry.metrics()).split('\n').find((line) => line.startsWith(`${series} `))
          return Number(line?.slice(series.length + 1))
        },
        stop: () => (stopping ??= events.stop().then(() => ownPool.end())),
      }
      instances.push(instance)
      return instance
    },

    async waiting(): Promise<number> {
      const sql = 'SELECT count(*) AS waiting FROM outbox WHERE delivered_at IS NULL'
      return (await pool.query<{ waiting: number }>(sql)).rows[0]!.waiting
    },

    async end(): Promise<void> {
      await Promise.all(instances.map((instance) => instance.stop()))
      await outbox.settled()
      await pool.end()
      await database.drop()
    },
  }
}

export const openPool = (url: string): Pool =>
  createPool({
    url,
    applicationName: 'events test',
    maxConnections: 10,
    // Thousands of changes at once wait for ten connections.
    connectTimeoutMs: 120_000,
    useTimeoutMs: 120_000,
    statementTimeoutMs: 30_000,
    onError: () => undefined,
  })

/** A consumer that remembers what it was given; `fault` may make it fail. */
export function recorder(name = 'recorder', fault: (event: CloudEvent) => unknown = () => undefined) {
  const seen: CloudEvent[] = []
  const consumer: Consumer = {
    name,
    types: ['thing.changed'],
    async handle(event) {
      await fault(event)
      seen.push(event)
    },
  }
  return { consumer, seen }
}

export const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1)
