import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../domain/errors'
import type { Queryable } from '@ordinal/database'
import { logChanges, type Logger } from '@ordinal/logging'
import { createPeriodicTask } from '@ordinal/periodic-task'
import { errorTypeOf, type Span, type Tracing } from '@ordinal/tracing'
import type { Allocator } from '../ledger/allocator'
import { expiredLeases, type ExpiredLease } from './queries'

const intervalMs = 1_000
// One group commit takes them all, and holds the counter's row for a few milliseconds.
const atOnce = 64
// Issuing and the sweeper take turns at the counter's row: after a batch the sweeper rests for this multiple of the time
// that the batch took. When no request waits here, other instances may still be issuing.
const restFactor = { busy: 3, quiet: 0.5 }
const longestRestMs = 1_000

interface Deps {
  db: Queryable
  allocator: Allocator
  /** Whether the ledger may be written to. */
  gate?: { isOpen: () => boolean } | undefined
  log: Logger
  tracing?: Tracing | undefined
}

/**
 * Releases the numbers whose lease has ended, every second. Any number of instances may run it: the database releases
 * each number once, by its own clock.
 */
export function createLeaseSweeper({ db, allocator, gate, log, tracing }: Deps) {
  /** Returns whether more may have ended. */
  async function sweep(stopping: AbortSignal): Promise<boolean> {
    if (gate?.isOpen() === false) return false
    const startedAt = performance.now()
    const expired = await expiredLeases(db, atOnce)
    await expireAll(expired)
    if (expired.length < atOnce) return false
    const factor = allocator.waiting() > 0 ? restFactor.busy : restFactor.quiet
    const restMs = Math.min(longestRestMs, factor * (performance.now() - startedAt))
    await delay(restMs, undefined, { signal: stopping }).catch(() => undefined)
    return true
  }

  async function expireAll(expired: readonly ExpiredLease[]): Promise<void> {
    if (expired.length === 0) return
    const span = tracing?.root('release expired leases', { 'ordinal.batch.size': expired.length })
    const results = await Promise.allSettled(expired.map((lease) => expire(lease, span)))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) span?.fail(errorTypeOf(failed.reason))
    span?.end()
    if (failed) throw failed.reason
  }

  async function expire(lease: ExpiredLease, span: Span | undefined): Promise<void> {
    const request = { caller: 'sequencer', reason: 'lease expired', request_id: 'lease-sweeper', span }
    try {
      await allocator.change({ ...lease, ...request, event: 'expire' })
    } catch (error) {
      // Another instance was faster, or the number was confirmed or released in the meantime.
      if (!(error instanceof AppError && error.code === 'number_state_conflict')) throw error
    }
  }

  return createPeriodicTask({
    run: sweep,
    report: logChanges(
      log,
      'expired leases could not be released; retrying every second',
      'expired leases are released again',
    ),
    everyMs: intervalMs,
    firstAfterMs: intervalMs,
  })
}
