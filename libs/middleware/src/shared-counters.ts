import { RateLimiterRedis } from 'rate-limiter-flexible'
import { logChanges, type Logger } from '@ordinal/logging'
import { connectRedis, orReconnect } from '@ordinal/redis'
import { limitCounters, type Counted } from './limit-counters'

interface Options {
  name: string
  perSecond: number
  redisUrl: string
  log: Logger
}

// What a request waits for Redis at most; the next ones do not wait, until there is a new connection that answers.
const answerLimitMs = 250

export type SharedCounters = ReturnType<typeof connectSharedCounters>

/** Counters in Redis, which all instances share. */
export function connectSharedCounters({ name, perSecond, redisUrl, log }: Options) {
  const redis = connectRedis({
    url: redisUrl,
    name: `${name} rate limit`,
    commandTimeoutMs: answerLimitMs,
    log,
  })
  const count = limitCounters(
    name,
    perSecond,
    (limit) => new RateLimiterRedis({ ...limit, storeClient: redis, rejectIfRedisNotReady: true }),
  )
  const report = logChanges(
    log,
    'the rate limit is that of this instance alone: Redis does not count',
    'the rate limit is shared again',
  )

  return {
    /** Counts a request; undefined, and at once, while Redis is away or slow. */
    async count(client: string): Promise<Counted | undefined> {
      try {
        const counted = await orReconnect(redis, count(client))
        report()
        return counted
      } catch (error) {
        report(error)
        return undefined
      }
    },
    close: () => redis.disconnect(),
  }
}
