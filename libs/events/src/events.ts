import { once } from 'node:events'
import type { Pool } from 'pg'
import type { PoolerMode, Queryable } from '@ordinal/database'
import type { Logger } from '@ordinal/logging'
import type { Metrics } from '@ordinal/metrics'
import { connectRedis } from '@ordinal/redis'
import type { Tracing } from '@ordinal/tracing'
import type { Consumer, RetryPolicy } from './consumer'
import { createDeadLetterTable } from './dead-letter-table'
import { deadLettersOf } from './dead-letters'
import { createInProcessTransport } from './in-process'
import { createListener } from './listener'
import { createEventMetrics } from './metrics'
import { createDeadStream } from './redis/dead-letters'
import { createRedisTransport, type RedisSettings } from './redis/transport'
import {
  backlog,
  backlogByType,
  listWaiting,
  type Backlog,
  type WaitingEvent,
  type WaitingFilter,
} from './outbox'
import { createRelay } from './relay'

export interface EventSettings {
  /** The database of the outbox, for the one connection that listens; the rest runs on the pool. */
  databaseUrl: string
  /** The pooler in front of it; `auto` if not given. */
  pooler?: PoolerMode | undefined
  /** Redis Streams; without them events stay in the process. */
  redis?: RedisSettings | undefined
  retry: RetryPolicy
  pollMs: number
  /** How long an event is left to the relay that delivers it. */
  leaseMs: number
  retentionMs: number
}

interface Deps {
  name: string
  settings: EventSettings
  pool: Pool
  consumers: readonly Consumer[]
  metrics: Metrics
  log: Logger
  tracing?: Tracing | undefined
}

/** Delivers the events of a service's outbox to its consumers, and by Redis to others: a task for the background. */
export function createEvents({
  name,
  settings,
  pool,
  consumers,
  metrics: serviceMetrics,
  log,
  tracing,
}: Deps) {
  const { databaseUrl, pooler, redis, retry } = settings
  const metrics = createEventMetrics(serviceMetrics, pool)
  metrics.expect(consumers)
  const transport = redis
    ? createRedisTransport({ settings: redis, consumers, retry, metrics, log, tracing })
    : createInProcessTransport({ pool, consumers, retry, metrics, tracing })
  metrics.showDead(transport.deadLetters)
  // With Redis there may be some of the time before it.
  const deadLetters = deadLettersOf(
    redis ? [createDeadLetterTable(pool), transport.deadLetters] : [transport.deadLetters],
  )
  const relay = createRelay({ ...settings, pool, transport, metrics, log, tracing })
  const listener = createListener({
    url: databaseUrl,
    pooler,
    applicationName: `${name} events`,
    onNews: relay.wake,
    log,
  })

  return {
    start(): void {
      transport.start()
      relay.start()
      listener.start()
    },
    /** Ends after what is under way. */
    async stop(): Promise<void> {
      await Promise.all([relay.stop(), listener.stop()])
      await transport.stop()
    },
    deadLetters,
    /** Events that wait for their delivery, oldest first, from behind a position of the outbox. */
    waiting: (db: Queryable, filter: WaitingFilter, take: number): Promise<WaitingEvent[]> =>
      listWaiting(db, filter, take),
    /** How many wait of each type, and since when the oldest. */
    backlog: (db: Queryable): Promise<Backlog> => backlogByType(db),
    /** How many events wait, for how long the oldest has, and how many dead letters there are. */
    async state(db: Queryable): Promise<{ waiting: number; oldestSeconds: number; deadLetters: number }> {
      const [{ pending, oldestSeconds }, dead] = await Promise.all([backlog(db), deadLetters.count()])
      return { waiting: pending, oldestSeconds, deadLetters: dead }
    },
  }
}

interface DeadLetterDeps {
  pool: Pool
  redis?: RedisSettings | undefined
  log: Logger
}

/**
 * The dead letters of a service, for a tool: those of its database, and those of Redis.
 *
 * @throws Error if Redis does not answer
 */
export async function openDeadLetters({ pool, redis, log }: DeadLetterDeps) {
  const table = createDeadLetterTable(pool)
  if (!redis) return { deadLetters: deadLettersOf([table]), close: () => undefined }
  const { url, stream, timeoutMs: commandTimeoutMs } = redis
  const connection = connectRedis({ url, name: `${stream} dead letters`, commandTimeoutMs, log })
  const deadLetters = deadLettersOf([table, createDeadStream(connection, stream)])
  const close = () => connection.disconnect()
  try {
    await once(connection, 'ready', { signal: AbortSignal.timeout(commandTimeoutMs) })
    return { deadLetters, close }
  } catch (error) {
    close()
    throw new Error('Redis does not answer', { cause: error })
  }
}
