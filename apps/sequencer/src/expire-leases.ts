import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@ordinal/errors'
import type { Queryable } from '@ordinal/database'
import type { Logger } from '@ordinal/logging'
import type { Allocator } from './ledger/allocator'
import { expiredLeases } from './ledger/numbers'

const intervalMs = 1_000
// They go together in one group commit, and hold the counter's row for a few milliseconds.
const atOnce = 64
// Issuing and the sweeper take turns at the counter's row: after a batch the sweeper rests three times as long as the batch
// took. Where no request waits here, other instances may still issue: it rests half as long.
const restFactor = { busy: 3, quiet: 0.5 }
const longestRestMs = 1_000

interface Deps {
  db: Queryable
  allocator: Allocator
  log: Logger
}

/**
 * Releases the numbers whose lease has ended, every second. Any number of instances may do so: the database lets one
 * of them, and does not let any before its own clock says so.
 */
export function createLeaseSweeper({ db, allocator, log }: Deps) {
  let timer: NodeJS.Timeout | undefined
  let sweeping = Promise.resolve()

  async function sweep(): Promise<void> {
    while (timer) {
      const startedAt = performance.now()
      const expired = await expiredLeases(db, atOnce)
      const results = await Promise.allSettled(expired.map(expire))
      for (const result of results) if (result.status === 'rejected') throw result.reason
      if (expired.length < atOnce) return
      const factor = allocator.waiting() > 0 ? restFactor.busy : restFactor.quiet
      await delay(Math.min(longestRestMs, factor * (performance.now() - startedAt)))
    }
  }

  async function expire(lease: Awaited<ReturnType<typeof expiredLeases>>[number]): Promise<void> {
    const request = { caller: 'sequencer', reason: 'lease expired', requestId: 'lease-sweeper' }
    try {
      await allocator.change({ ...lease, ...request, event: 'expire' })
    } catch (error) {
      // Another instance was faster, or the number was confirmed or released in the meantime.
      if (!(error instanceof AppError && error.code === 'number_state_conflict')) throw error
    }
  }

  return {
    start() {
      const next = () => {
        sweeping = sweep()
          .catch(
            (error: unknown) => void log.warn('ended leases could not be released; next try soon', { error }),
          )
          .then(() => {
            if (timer) timer = setTimeout(next, intervalMs).unref()
          })
      }
      timer = setTimeout(next, intervalMs).unref()
    },
    async stop() {
      clearTimeout(timer)
      timer = undefined
      await sweeping
    },
  }
}
