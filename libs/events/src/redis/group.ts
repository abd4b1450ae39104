import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { crashAt } from '@ordinal/failpoints'
import { logChanges, type Logger } from '@ordinal/logging'
import { createPeriodicTask } from '@ordinal/periodic-task'
import { orReconnect } from '@ordinal/redis'
import type { Tracing } from '@ordinal/tracing'
import {
  attemptToHandle,
  isFor,
  pauseAfter,
  type Consumer,
  type Failure,
  type RetryPolicy,
} from '../consumer'
import type { EventMetrics } from '../metrics'
import { spanOfHandling, traceIdOf } from '../trace-events'
import { moveEntryToDeadLetters } from './dead-letters'
import { ensureGroup } from './ensure-group'
import { readEntry, type Entry, type StreamEvent } from './entries'
import { createLease } from './lease'

interface Deps {
  /** For everything but waiting. */
  redis: Redis
  /** Waits for new entries, and does nothing else: it is closed with the group. */
  waiting: Redis
  stream: string
  consumer: Consumer
  /** This instance's name in the group: no other one has it. */
  instance: string
  retry: RetryPolicy
  metrics: EventMetrics
  log: Logger
  /** After so long, another instance takes over from one that has died. */
  leaseMs: number
  tracing?: Tracing | undefined
}

const maxUnderWay = 256
const againAfterMs = 200
// How long a read waits for new entries; the waiting connection must allow for more.
export const blockMs = 1_000

/**
 * Lets a consumer handle what a stream brings, as a consumer group named after it.
 *
 * A group hands entries to any of its members, so that two of them would handle a subject's events at the same time.
 * For the sake of their order one instance has the group, by a lease; the next one claims what it has left.
 */
export function createGroup(deps: Deps) {
  const { redis, waiting, stream, consumer, instance, retry, metrics, log, leaseMs, tracing } = deps
  const group = consumer.name
  const lease = createLease(redis, { key: `${stream}:lease:${group}`, holder: instance, ms: leaseMs })
  const report = logChanges(log, `${group} cannot consume events`, `${group} consumes events again`)
  let stopped = false
  const task = createPeriodicTask({
    run: consumeIfOurs,
    // What fails at the end was disconnected by `stop`.
    report: (error) => void (stopped || report(error)),
    everyMs: leaseMs / 4,
    retryMs: againAfterMs,
  })

  async function consumeIfOurs(stopping: AbortSignal): Promise<void> {
    if (await lease.take()) await consume(stopping)
  }

  /** Handles entries for as long as the lease is renewed, and Redis answers. */
  async function consume(stopping: AbortSignal): Promise<void> {
    const lost = new AbortController()
    const endLease = (error: unknown) => lost.abort(error)
    const signal = AbortSignal.any([lost.signal, stopping])
    // Each entry that is tried again listens.
    setMaxListeners(0, signal)
    // The last event of each subject that is under way: the next one waits for it.
    const tails = new Map<string, Promise<void>>()
    let underWay = 0

    function enqueue(entry: Entry, attempt: number): void {
      const read = tolerate(entry)
      const subject = read?.event.subject ?? ''
      underWay += 1
      const handled = (tails.get(subject) ?? Promise.resolve())
        .then(() => settle(entry, read, attempt, signal))
        // Redis does not answer: what is under way stays pending, and is claimed again.
        .catch(endLease)
        .finally(() => {
          underWay -= 1
          if (tails.get(subject) === handled) tails.delete(subject)
        })
      tails.set(subject, handled)
    }

    const renewal = setInterval(() => {
      lease.take().then((ours) => ours || endLease(new Error('another instance has the lease')), endLease)
    }, leaseMs / 4)
    try {
      await ensureGroup(redis, stream, group)
      for (const { entry, deliveries } of await claimAll()) enqueue(entry, deliveries)
      report()
      while (!signal.aborted) {
        if (underWay >= maxUnderWay) await Promise.race(tails.values())
        else for (const entry of await readNew(maxUnderWay - underWay)) enqueue(entry, 1)
      }
    } finally {
      clearInterval(renewal)
      lost.abort()
      await Promise.all(tails.values())
    }
    lost.signal.throwIfAborted()
  }

  /** Handles an entry until that succeeds or it moves to the dead letters, and acknowledges it. */
  async function settle(
    entry: Entry,
    read: StreamEvent | undefined,
    firstAttempt: number,
    signal: AbortSignal,
  ) {
    const [id] = entry
    let attempt = firstAttempt
    while (!signal.aborted) {
      const failure = await handle(read, attempt)
      if (!failure) {
        await orReconnect(redis, redis.xack(stream, group, id))
        FAILPOINT: crashAt('the event is acknowledged')
        return
      }
      metrics.failed(1)
      const { event } = read ?? {}
      const [event_id, type, trace_id] = [event?.id, event?.type, traceIdOf(event)]
      const what = { consumer: group, entry: id, event_id, type, trace_id, attempt }
      if (!failure.outage && (!read || attempt >= retry.attempts)) {
        const moving = moveEntryToDeadLetters(redis, { stream, group }, entry, failure, attempt)
        await orReconnect(redis, moving)
        metrics.died(group)
        return void log.error('an event moved to the dead letters', {
          ...what,
          reason: failure.reason,
        })
      }
      log.warn('an event could not be handled; it is tried again', { ...what, reason: failure.reason })
      await pause(pauseAfter(attempt, retry), signal)
      if (!failure.outage) attempt += 1
    }
  }

  async function handle(read: StreamEvent | undefined, attempt: number): Promise<Failure | undefined> {
    if (!read) return { consumer: group, reason: 'the entry is no CloudEvent', outage: false }
    if (!isFor(consumer, read.event, read.only)) return undefined
    const { event, sent } = read
    const handling = { event, sent, attempt, consumer: group }
    const span = spanOfHandling(tracing, handling, { system: 'redis', name: stream })
    const failure = await attemptToHandle(consumer, event, attempt, retry, span)
    if (!failure) metrics.handled(group)
    return failure
  }

  /** Claims what was read and not handled, be it by an instance that is dead or by this one; oldest first. */
  async function claimAll(): Promise<{ entry: Entry; deliveries: number }[]> {
    const claimed: { entry: Entry; deliveries: number }[] = []
    let cursor = '0-0'
    do {
      const answer = await orReconnect(
        redis,
        redis.xautoclaim(stream, group, instance, 0, cursor, 'COUNT', 100),
      )
      const [next, entries, trimmed = []] = answer as [string, Entry[], string[]?]
      if (trimmed.length > 0)
        log.error('events were trimmed before they were handled', { consumer: group, entries: trimmed })
      if (entries.length > 0) {
        const pending = await orReconnect(
          redis,
          redis.xpending(stream, group, entries[0]![0], entries.at(-1)![0], entries.length),
        )
        const deliveries = new Map(
          (pending as [string, string, number, number][]).map(([id, , , count]) => [id, count]),
        )
        claimed.push(...entries.map((entry) => ({ entry, deliveries: deliveries.get(entry[0]) ?? 1 })))
      }
      cursor = next
    } while (cursor !== '0-0')
    return claimed
  }

  async function readNew(count: number): Promise<Entry[]> {
    const read = waiting.xreadgroup(
      'GROUP',
      group,
      instance,
      'COUNT',
      count,
      'BLOCK',
      blockMs,
      'STREAMS',
      stream,
      '>',
    )
    const answer = (await orReconnect(waiting, read)) as [stream: string, entries: Entry[]][] | null
    return answer?.[0]?.[1] ?? []
  }

  return {
    start: () => task.start(),
    /** Ends after the attempts that are under way, and lets another instance go on at once. */
    async stop(): Promise<void> {
      stopped = true
      const ended = task.stop()
      // Ends a read that waits. What Redis hands out at this moment is pending, and the next instance claims it.
      waiting.disconnect()
      await ended
      await lease.leave().catch(() => undefined)
    },
  }
}

const pause = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }).catch(() => undefined)

function tolerate(entry: Entry): StreamEvent | undefined {
  try {
    return readEntry(entry)
  } catch {
    return undefined
  }
}
