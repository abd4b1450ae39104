import { databaseUrlOf } from '@ordinal/config'
import type { EventSettings, RedisSettings } from '@ordinal/events'
import type { DatabaseSettings } from '@ordinal/service'
import { confirmedTypes } from './confirm-orders'

/** Where events are kept, where they go, and how often they are tried. */
export interface EventConfig extends DatabaseSettings {
  redisUrl?: string | undefined
  autoConfirm: boolean
  eventStream: string
  eventStreamLength: number
  eventAttempts: number
  outboxPollMs: number
  outboxRetentionMs: number
}

// An attempt is over before its event is no longer left to the instance that has it.
const attemptLimitMs = 8_000
const eventLeaseMs = 15_000

/** How the events of orders are delivered. */
export const eventSettingsOf = (config: EventConfig): EventSettings => ({
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

/**
 * Whether anybody gets events of a type: by Redis anybody may, without it the consumers in the process, and webhooks as far as
 * is known here. Whether there are any for sure is asked by the statement that writes an event.
 */
export const isWanted =
  ({ redisUrl, autoConfirm }: EventConfig, webhooks: { mayBeThere(): boolean }) =>
  (type: string): boolean =>
    redisUrl !== undefined || (autoConfirm && confirmedTypes.includes(type)) || webhooks.mayBeThere()

export const redisSettingsOf = (config: EventConfig): RedisSettings | undefined =>
  config.redisUrl === undefined
    ? undefined
    : {
        url: config.redisUrl,
        stream: config.eventStream,
        maxLength: config.eventStreamLength,
        timeoutMs: 2_000,
        leaseMs: eventLeaseMs,
      }
