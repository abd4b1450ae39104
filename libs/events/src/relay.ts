import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { crashAt } from '@ordinal/failpoints'
import { tellChanges, type Logger } from '@ordinal/logging'
import { pauseAfter, type RetryPolicy } from './consumer'
import { bury } from './dead-letters'
import type { EventMetrics } from './metrics'
import { claim, markDelivered, postpone, sweep, type OutboxEvent } from './outbox'
import type { Outcome, Transport } from './transport'
import { createWake } from './wake'

interface Deps {
  pool: Pool
  transport: Transport
  retry: RetryPolicy
  metrics: EventMetrics
  log: Logger
  /** How often it looks for events, besides when it is woken. */
  pollMs: number
  /** How long an event is left to the relay that delivers it: longer than a delivery takes. */
  leaseMs: number
  /** How long events are kept that are delivered. */
  retentionMs: number
}

// Of different subjects, each: small enough that one slow delivery keeps few others waiting.
const batchSize = 64
const batchesAtOnce = 4
const sweepEveryMs = 60_000

export type Relay = ReturnType<typeof createRelay>

/**
 * Delivers what waits in the outbox, in order for each subject, at least once. Any number of instances may do so at
 * once: an event is leased to one of them, and the next of its subject is not before that one is delivered.
 */
export function createRelay(deps: Deps) {
  const { pool, transport, retry, metrics, log, pollMs, leaseMs, retentionMs } = deps
  const stopping = new AbortController()
  const tellOfDatabase = tellChanges(
    log,
    'events wait: the outbox fails',
    'events go on: the outbox works again',
  )
  const tellOfTransport = tellChanges(
    log,
    'events wait: the transport fails',
    'events go on: the transport works again',
  )
  const news = createWake()
  const batches = new Set<Promise<void>>()
  let away = false
  // Where the oldest event was when all were looked through.
  let from = 0
  let lookedThroughAt = -Infinity
  let sweptAt = -Infinity
  let running = Promise.resolve()

  async function run() {
    while (!stopping.signal.aborted) {
      news.reset()
      const found = await look().catch((error: unknown) => (tellOfDatabase(error), 0))
      if (batches.size >= (away ? 1 : batchesAtOnce)) await Promise.race(batches)
      // While the transport is away, news are none: they would only make for more tries.
      if (away) await sleep(pollMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      // Instances that were started together do not look together.
      else if (found === 0) await news.wait(pollMs * (0.75 + Math.random() / 2), stopping.signal)
    }
    await Promise.all(batches)
  }

  /** Begins to deliver what is due, and gives how many events that is. While the transport is away, one event tries. */
  async function look(): Promise<number> {
    if (performance.now() - sweptAt > sweepEveryMs) await sweepAll()
    const events = await claimDue()
    tellOfDatabase()
    if (events.length === 0) return 0
    const batch = deliverBatch(events)
      // What was not recorded is delivered again when its lease ends.
      .catch(tellOfDatabase)
      .finally(() => {
        batches.delete(batch)
        // The next events of these subjects may be due.
        news.wake()
      })
    batches.add(batch)
    return events.length
  }

  /**
   * What was delivered stays in the index, dead, until the next vacuum, and whoever looks from the beginning passes over
   * all of it: that is done once a poll, for events that are tried again or were committed late. In between, news are
   * looked for from where the oldest event was.
   */
  async function claimDue(): Promise<OutboxEvent[]> {
    const limit = away ? 1 : batchSize
    const sinceMs = performance.now() - lookedThroughAt
    // The shortest pause between two polls.
    if (sinceMs < pollMs * 0.75) return claim(pool, { limit, leaseMs, from })
    lookedThroughAt = performance.now()
    const events = await claim(pool, { limit, leaseMs })
    if (events.length > 0) from = Math.min(...events.map(({ position }) => position))
    return events
  }

  async function deliverBatch(events: OutboxEvent[]): Promise<void> {
    FAILPOINT: crashAt('events are claimed')
    const outcomes = await transport.deliver(events)
    FAILPOINT: crashAt('events are delivered')
    const ended = events.map((event, nth) => ({ event, outcome: outcomes[nth]! }))
    const delivered = ended.flatMap(({ event, outcome }) => (outcome.is === 'delivered' ? [event] : []))
    if (delivered.length > 0) await markDelivered(pool, delivered)
    FAILPOINT: crashAt('events are marked')
    metrics.delivered(delivered.length)
    metrics.failed(events.length - delivered.length)

    const left = ended.flatMap(({ event, outcome }) =>
      outcome.is === 'away' ? [{ event, ms: 0, counted: false }] : [],
    )
    for (const { event, outcome } of ended)
      if (outcome.is === 'failed') left.push(...(await tryLater(event, outcome)))
    if (left.length > 0) await postpone(pool, left)
    const lost = outcomes.find((outcome) => outcome.is === 'away')
    away = lost !== undefined
    tellOfTransport(lost?.error)
  }

  /** When an event is tried again that was not handled: never, if that was the last attempt. */
  async function tryLater(event: OutboxEvent, { failures }: Extract<Outcome, { is: 'failed' }>) {
    const told = { event_id: event.event.id, type: event.event.type, subject: event.event.subject, failures }
    const counted = failures.some(({ outage }) => !outage)
    if (counted && event.attempt >= retry.attempts) {
      await bury(pool, event, failures)
      for (const { consumer } of failures) metrics.buried(consumer)
      log.error('an event was given up: it is a dead letter now', { ...told, attempts: event.attempt })
      return []
    }
    log.warn('an event could not be handled; it is tried again', { ...told, attempt: event.attempt })
    return [{ event, ms: pauseAfter(event.attempt, retry), counted }]
  }

  async function sweepAll(): Promise<void> {
    sweptAt = performance.now()
    while ((await sweep(pool, retentionMs)) > 0 && !stopping.signal.aborted);
  }

  return {
    start(): void {
      running = run()
    },
    /** There may be events: looks at once. */
    wake: () => news.wake(),
    /** Ends after the deliveries that are under way. */
    async stop(): Promise<void> {
      stopping.abort()
      await running
    },
  }
}
