import { setTimeout as delay } from 'node:timers/promises'
import { databaseErrorOf } from '@ordinal/database'
import { errorTypeOf, type Span } from '@ordinal/tracing'
import type { CloudEvent } from './cloud-event'

/**
 * Whoever acts upon events. An event may come more than once, with the same id, and after a crash it does: what
 * `handle` does must have the effect of once, by the id or by the state that it finds.
 */
export interface Consumer {
  /** Its name for ever: that of its group, by which its progress is known. */
  name: string
  /** The types of the events that it is for. */
  types: readonly string[]
  /**
   * Rejects if the event is to come again.
   *
   * @param span that of this attempt, if the event is in a trace that is recorded
   */
  handle(event: CloudEvent, span?: Span): Promise<void>
}

/** How often, and when, an event is tried again that could not be handled. */
export interface RetryPolicy {
  /** How many attempts there are; after the last one the event is a dead letter. */
  attempts: number
  firstDelayMs: number
  longestDelayMs: number
  /** An attempt that takes longer has failed, although it may go on. */
  attemptLimitMs: number
}

export interface Failure {
  consumer: string
  reason: string
  /** Something else is out of order and not this event: that is waited for, and no attempt is counted. */
  outage: boolean
}

/** The pause after an attempt that failed: each twice as long as the one before. */
export const pauseAfter = (attempt: number, { firstDelayMs, longestDelayMs }: RetryPolicy): number =>
  Math.min(longestDelayMs, firstDelayMs * 2 ** (Math.max(1, attempt) - 1))

export const isFor = (consumer: Consumer, event: CloudEvent, only: string | null | undefined): boolean =>
  consumer.types.includes(event.type) && (only ?? consumer.name) === consumer.name

/**
 * Lets a consumer handle an event, once.
 *
 * @param attempt which attempt it is. One too many is refused: all before it have ended with their process, and this
 *   one may be what ends them.
 * @param span of the attempt; it is ended
 * @returns why it has failed, or undefined
 */
export async function attemptToHandle(
  consumer: Consumer,
  event: CloudEvent,
  attempt: number,
  { attempts, attemptLimitMs }: RetryPolicy,
  span?: Span,
): Promise<Failure | undefined> {
  const failed = (error: unknown) => ({
    consumer: consumer.name,
    reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    outage: isOutage(error),
  })
  if (attempt > attempts)
    return failed(new Error(`not handled after ${attempt - 1} attempts that had no end`))
  const limit = new AbortController()
  try {
    // A handler that throws at once has failed like one that rejects.
    const handled = Promise.resolve(event).then((event) => consumer.handle(event, span))
    const late = delay(attemptLimitMs, undefined, { signal: limit.signal }).then(() => {
      throw new Error(`not handled within ${attemptLimitMs} ms`)
    })
    late.catch(() => undefined)
    await Promise.race([handled, late])
    return undefined
  } catch (error) {
    span?.fail(errorTypeOf(error))
    return failed(error)
  } finally {
    limit.abort()
    span?.end()
  }
}

/** The database, or what else was asked, is away or overloaded: the event itself may be well. */
function isOutage(error: unknown): boolean {
  const known = databaseErrorOf(error)
  return known !== undefined && (known.retryable || outages.has(known.kind))
}

const outages = new Set<string>(['connection_lost', 'commit_unknown', 'insufficient_resources'])
