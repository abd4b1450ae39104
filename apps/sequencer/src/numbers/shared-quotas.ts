import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { logChanges, type Logger } from '@ordinal/logging'
import { connectRedis, orReconnect } from '@ordinal/redis'
import { windowSeconds, type Quota } from './quota'

// The longest that a request waits for Redis.
const answerLimitMs = 250

export type SharedQuotas = ReturnType<typeof connectSharedQuotas>

/** Counters of quotas in Redis, which all instances share. */
export function connectSharedQuotas(quotas: readonly Quota[], redisUrl: string, log: Logger) {
  const redis = connectRedis({
    url: redisUrl,
    name: 'sequencer quotas',
    commandTimeoutMs: answerLimitMs,
    log,
  })
  const counters = new Map(
    quotas.map(({ name, perMinute }) => [
      name,
      new RateLimiterRedis({
        storeClient: redis,
        rejectIfRedisNotReady: true,
        keyPrefix: `quota:${name}`,
        points: perMinute,
        duration: windowSeconds,
      }),
    ]),
  )
  const report = logChanges(
    log,
    'quotas count for this instance alone: Redis does not answer',
    'quotas are shared again',
  )

  return {
    /**
     * Adds to a caller's count. Returns false within 250 ms while Redis is away or slow.
     *
     * @throws RateLimiterRes beyond the quota
     */
    async take({ name }: Quota, key: string, count: number): Promise<boolean> {
      try {
        await orReconnect(redis, counters.get(name)!.consume(key, count))
        report()
        return true
      } catch (error) {
        if (error instanceof RateLimiterRes) throw error
        report(error)
        return false
      }
    },
    close: () => redis.disconnect(),
  }
}
