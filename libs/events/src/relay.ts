import type { Pool } from 'pg'
import { traced } from '@ordinal/database'
import { crashAt } from '@ordinal/failpoints'
import { logChanges, type Logger } from '@ordinal/logging'
import { createPeriodicTask } from '@ordinal/periodic-task'
import { endWith, inBackground, type Span, type Tracing } from '@ordinal/tracing'
import { pauseAfter, type RetryPolicy } from './consumer'
import { moveToDeadLetters } from './dead-letter-table'
import type { EventMetrics } from './metrics'
import { claim, markDelivered, postpone, sweep, type OutboxEvent } from './outbox'
import { spanOfRelaying, traceIdOf } from './trace-events'
import type { Outcome, Transport } from './transport'

interface Deps {
  pool: Pool
  transport: Transport
  retry: RetryPolicy
  metrics: EventMetrics
  log: Logger
  tracing?: Tracing | undefined
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

/**
 * Delivers what waits in the outbox, in order for each subject, at least once. Any number of instances may do so at
 * once: an event is leased to one of them, and the next of its subject is not before that one is delivered.
 */
export function createRelay(deps: Deps) {
  const { pool, transport, retry, metrics, log, tracing, pollMs, leaseMs, retentionMs } = deps
  const reportDatabase = logChanges(
    log,
    'events wait: the outbox fails',
    'events go on: the outbox works again',
  )
  const reportTransport = logChanges(
    log,
    'events wait: the transport fails',
    'events go on: the transport works again',
  )
  const batches = new Set<Promise<void>>()
  let away = false
  // Where the oldest event was when all were looked through.
  let from = 0
  let lookedThroughAt = -Infinity
  let sweptAt = -Infinity
  const task = createPeriodicTask({ run: look, report: reportDatabase, everyMs: pollMs })

  /**
   * Starts to deliver what is due. While the transport is away, one event tries.
   *
   * @returns whether more may be due
   */
  async function look(stopping: AbortSignal): Promise<boolean> {
    if (performance.now() - sweptAt > sweepEveryMs) await sweepAll(stopping)
    const events = await claimDue()
    if (events.length > 0) deliver(events)
    if (batches.size >= (away ? 1 : batchesAtOnce)) await Promise.race(batches)
    return events.length > 0 && !away
  }

  function deliver(events: OutboxEvent[]): void {
    const span = spanOfRelaying(
      tracing,
      events.map(({ event }) => event),
    )
    const batch = (span ? endWith(span, deliverBatch(events, span)) : deliverBatch(events))
      // What was not recorded is delivered again when its lease ends.
      .catch(reportDatabase)
      .finally(() => {
        batches.delete(batch)
        // The next events of these subjects may be due.
        wake()
      })
    batches.add(batch)
  }

  /** While the transport is away, news would only cause more tries. */
  function wake(): void {
    if (!away) task.wake()
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

  async function deliverBatch(events: OutboxEvent[], span?: Span): Promise<void> {
    const db = traced(pool, span)
    FAILPOINT: crashAt('events are claimed')
    const outcomes = await transport.deliver(events)
    FAILPOINT: crashAt('events are delivered')
    const ended = events.map((event, nth) => ({ event, outcome: outcomes[nth]! }))
    const delivered = ended.flatMap(({ event, outcome }) => (outcome.is === 'delivered' ? [event] : []))
    if (delivered.length > 0) await markDelivered(db, delivered)
    FAILPOINT: crashAt('events are marked')
    metrics.delivered(delivered.length)
    metrics.failed(events.length - delivered.length)

    const left = ended.flatMap(({ event, outcome }) =>
      outcome.is === 'away' ? [{ event, ms: 0, counted: false }] : [],
    )
    for (const { event, outcome } of ended)
      if (outcome.is === 'failed') left.push(...(await tryLater(event, outcome)))
    if (left.length > 0) await postpone(db, left)
    const lost = outcomes.find((outcome) => outcome.is === 'away')
    away = lost !== undefined
    reportTransport(lost?.error)
  }

  /** When an event is tried again that was not handled: never, if that was the last attempt. */
  async function tryLater(event: OutboxEvent, { failures }: Extract<Outcome, { is: 'failed' }>) {
    const { id: event_id, type, subject } = event.event
    const logged = { event_id, type, subject, trace_id: traceIdOf(event.event), failures }
    const counted = failures.some(({ outage }) => !outage)
    if (counted && event.attempt >= retry.attempts) {
      await moveToDeadLetters(pool, event, failures)
      for (const { consumer } of failures) metrics.died(consumer)
      log.error('an event moved to the dead letters', { ...logged, attempts: event.attempt })
      return []
    }
    log.warn('an event could not be handled; it is tried again', { ...logged, attempt: event.attempt })
    return [{ event, ms: pauseAfter(event.attempt, retry), counted }]
  }

  async function sweepAll(stopping: AbortSignal): Promise<void> {
    sweptAt = performance.now()
    const sweepOne = () => inBackground(tracing, 'sweep outbox', () => sweep(pool, retentionMs))
    while ((await sweepOne()) > 0 && !stopping.aborted);
  }

  return {
    start: () => task.start(),
    /** There may be events: looks at once. */
    wake,
    /** Ends after the deliveries that are under way. */
    async stop(): Promise<void> {
      await task.stop()
      await Promise.all(batches)
    },
  }
}
