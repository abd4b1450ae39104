import type * as Ioredis from 'ioredis'
import { logChanges, type Logger } from '@ordinal/logging'
import { addressOf } from './certificates'

interface Options {
  url: string
  /** Shown by CLIENT LIST. */
  name: string
  /** How long an answer may take. */
  commandTimeoutMs: number
  log: Logger
}

/**
 * A connection to Redis that fails at once while Redis is away, and is made again for ever. Nothing is queued, and
 * nothing is sent twice by itself: what is to be repeated, the caller knows.
 */
export function connectRedis({ url, name, commandTimeoutMs, log }: Options): Ioredis.Redis {
  // Loaded where there is a Redis: it takes several megabytes.
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import at the top is never late
  const ioredis = require('ioredis') as typeof Ioredis
  const address = addressOf(url)
  const redis = new ioredis.Redis(address.url, {
    ...(address.tls && { tls: address.tls }),
    // Redis takes no spaces in it, and ioredis does not tell.
    connectionName: name.replaceAll(' ', '-'),
    commandTimeout: commandTimeoutMs,
    connectTimeout: 5_000,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(2_000, 50 * 2 ** times),
    // After a fail-over, the former primary goes on to answer, and refuses writes.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  })
  const report = logChanges(log, 'Redis is away', 'Redis answers')
  redis.on('error', report)
  redis.on('ready', () => report())
  return redis
}

/** As it was asked for; where no answer comes, the connection is made anew: it may be one that leads nowhere. */
export async function orReconnect<T>(redis: Ioredis.Redis, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    const late = error instanceof Error && error.message === 'Command timed out'
    // Of all that wait for this connection, the first ends it.
    if (late && redis.stream.writable) redis.disconnect(true)
    throw error
  }
}
