import { databaseUrlOf } from '@ordinal/config'
import type { EventSettings, RedisSettings } from '@ordinal/events'
import type { OrderServiceConfig } from './config'

// An attempt is over before its event is no longer left to the instance that has it.
const attemptLimitMs = 8_000
const eventLeaseMs = 15_000

/** How the events of orders are delivered. */
export const eventSettingsOf = (config: OrderServiceConfig): EventSettings => ({
  databaseUrl: databaseUrlOf(config),
  pooler: config.dbPooler,
  redis: redisSettingsOf(config),
  retry: {
    attempts: config.eventAttempts,
    firstDelayMs: 200,
    longestDelayMs: 30_000,
    attemptLimitMs,
  },
  pollMs: config.outboxPollMs,
  leaseMs: eventLeaseMs,
  retentionMs: config.outboxRetentionMs,
})

export const redisSettingsOf = (config: OrderServiceConfig): RedisSettings | undefined =>
  config.redisUrl === undefined
    ? undefined
    : {
        url: config.redisUrl,
        stream: config.eventStream,
        maxLength: config.eventStreamLength,
        timeoutMs: 2_000,
        leaseMs: eventLeaseMs,
      }
