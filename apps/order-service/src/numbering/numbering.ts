import { withQueryTimeout } from '@ordinal/database'
import type { Logger } from '@ordinal/logging'
import { createPeriodicTask } from '@ordinal/periodic-task'
import { ServiceUnavailableError } from '@ordinal/resilience'
import { fromDatabase } from '@ordinal/service'
import { createNumberBatch, type BatchDeps } from './number-batch'
import { claimOrders } from './queries'

interface Deps extends BatchDeps {
  intervalMs: number
  /** How long an order that was claimed is left alone by the other instances. */
  leaseMs: number
}

const batchSize = 64

/**
 * Finishes, in the background, the orders that have no number: the sequencer was away when they were placed, or the
 * request that placed them died. Any number of instances may do so at once.
 */
export function createNumbering(deps: Deps) {
  const { pool, log, intervalMs, leaseMs, databaseTimeoutMs } = deps
  const db = withQueryTimeout(pool, databaseTimeoutMs)
  const numberBatch = createNumberBatch(deps)
  const logSequencer = logChanges(log, 'the sequencer')

  /**
   * Numbers all orders that wait, oldest first. One asks ahead of the others, past an open breaker: an outage costs
   * one call a round, and its end is seen at once.
   */
  async function numberAll(stopping: AbortSignal): Promise<void> {
    let goOn = await numberNext(1, { probe: true })
    while (goOn && !stopping.aborted) goOn = await numberNext(batchSize, { probe: false })
  }

  /** Returns whether there may be more to do. */
  async function numberNext(limit: number, { probe }: { probe: boolean }): Promise<boolean> {
    const claimed = await claimOrders(db, limit, leaseMs)
    if (claimed.length === 0) return false
    const { goOn, error } = await numberBatch(claimed, { probe })
    logSequencer(error)
    return goOn
  }

  // It stops after the batch that is under way: after one call's time limit and one transaction's.
  return createPeriodicTask({
    run: numberAll,
    report: logChanges(log, 'the database'),
    everyMs: intervalMs,
  })
}

/** Logs what keeps orders from their numbers only when it changes or ends, and not in each round. */
function logChanges(log: Logger, what: string) {
  let logged: string | undefined
  return (error?: unknown) => {
    const now = error === undefined ? undefined : error instanceof Error ? error.message : 'no error'
    if (now === logged) return
    logged = now
    if (now === undefined) log.info(`numbering goes on: ${what} works again`)
    else if (isAway(error)) log.warn(`numbering waits for ${what}`, { error })
    else log.error(`numbering fails at ${what}`, { error })
  }
}

/** Something else does not answer, which is no fault of ours. */
const isAway = (error: unknown) =>
  error instanceof ServiceUnavailableError || fromDatabase(error) !== undefined
