import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Redis } from 'ioredis'
import type { Logger } from '@ordinal/logging'
import { connectRedis, orReconnect } from '@ordinal/redis'
import { errorTypeOf, type Tracing } from '@ordinal/tracing'
import type { Consumer, RetryPolicy } from '../consumer'
import type { EventMetrics } from '../metrics'
import type { OutboxEvent } from '../outbox'
import { spanOfSending } from '../trace-events'
import type { Outcome, Transport } from '../transport'
import { createDeadStream } from './dead-letters'
import { entryOf, fieldsOf } from './entries'
import { ensureGroup } from './ensure-group'
import { blockMs, createGroup } from './group'
import { hasReadAll } from './lag'

export interface RedisSettings {
  url: string
  stream: string
  /** About how many entries the stream keeps. */
  maxLength: number
  /** How long Redis may take to answer. */
  timeoutMs: number
  /** How long a group is left to an instance that is not heard of. */
  leaseMs: number
}

interface Deps {
  settings: RedisSettings
  consumers: readonly Consumer[]
  retry: RetryPolicy
  metrics: EventMetrics
  log: Logger
  tracing?: Tracing | undefined
}

// So full may a stream be of what our own consumers have not read, before events wait in the outbox instead. What
// several instances add at the same moment must still find room.
const fullAt = 0.5

/** Delivers events to a stream of Redis, which anybody may read; each consumer given here reads it as a group. */
export function createRedisTransport({ settings, consumers, retry, metrics, log, tracing }: Deps): Transport {
  const { url, stream, maxLength, timeoutMs, leaseMs } = settings
  const redis = connectRedis({ url, name: `${stream} relay`, commandTimeoutMs: timeoutMs, log })
  const instance = `${hostname()}-${randomUUID()}`
  const groups = consumers.map((consumer) => {
    const name = `${stream} ${consumer.name}`
    const waiting = connectRedis({ url, name, commandTimeoutMs: blockMs + timeoutMs, log })
    return createGroup({ redis, waiting, stream, consumer, instance, retry, metrics, log, leaseMs, tracing })
  })

  async function add({ event, consumer }: OutboxEvent): Promise<Outcome> {
    const span = spanOfSending(tracing, event, { system: 'redis', name: stream })
    try {
      const fields = entryOf(event, consumer, span?.traceparent)
      await orReconnect(redis, redis.xadd(stream, 'MAXLEN', '~', maxLength, '*', ...fields))
      return { is: 'delivered' }
    } catch (error) {
      span?.fail(errorTypeOf(error))
      // Nothing that Redis says is the fault of one event: it is away, full, or no stream is under that name.
      return { is: 'away', error }
    } finally {
      span?.end()
    }
  }

  return {
    async deliver(events) {
      const full = await requireRoom(redis, settings, consumers).catch((error: unknown) => ({ error }))
      if (full) return events.map(() => ({ is: 'away', error: full.error }))
      return Promise.all(events.map(add))
    },
    deadLetters: createDeadStream(redis, stream),
    start() {
      for (const group of groups) group.start()
    },
    async stop() {
      await Promise.all(groups.map((group) => group.stop()))
      redis.disconnect()
    },
  }
}

/**
 * Trimming takes the oldest entries, read or not. So events wait in the outbox while one of our own consumers is far
 * behind, and its group is there before the first event; the groups of others must keep up.
 *
 * @throws Error if one is too far behind
 */
async function requireRoom(
  redis: Redis,
  { stream, maxLength }: RedisSettings,
  consumers: readonly Consumer[],
): Promise<void> {
  if (consumers.length === 0) return
  const groups = await readGroups(redis, stream)
  for (const { name } of consumers) {
    const group = groups.find((group) => group.name === name)
    if (!group) await ensureGroup(redis, stream, name)
    else if (await isFarBehind(group, name)) throw new Error(`the group ${name} is too far behind`)
  }

  async function isFarBehind({ lag, pending }: Record<string, string | undefined>, name: string) {
    const most = maxLength * fullAt
    if (Number(lag) + Number(pending) <= most) return false
    return Number(pending) > most || !(await hasReadAll(redis, stream, name))
  }
}

async function readGroups(redis: Redis, stream: string): Promise<Record<string, string | undefined>[]> {
  const answer = await orReconnect(redis, redis.xinfo('GROUPS', stream)).catch((error: unknown) => {
    if (String(error).includes('no such key')) return []
    throw error
  })
  return (answer as string[][]).map((flat) => fieldsOf(['', flat]))
}
