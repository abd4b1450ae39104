import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { integer, variable } from '@ordinal/config'
import type { Queryable } from '@ordinal/database'
import type { Logger } from '@ordinal/logging'

const dayMs = 86_400_000
const sweepEveryMs = 60_000
// So few that nobody waits for the locks.
const batchSize = 1_000

/** The variable of how long idempotency keys are kept, which all services share that keep any in a table for it. */
export const keyRetentionVariables = () => ({
  keyRetentionDays: variable('IDEMPOTENCY_KEY_DAYS', integer({ min: 1, max: 3650 }), {
    description:
      'Days that the Idempotency-Key of an order or a user is kept; after that its request is a new one',
    default: 30,
  }),
})

interface Settings {
  retentionDays: number
  /** The column of `idempotency_records` from which on a key is kept; there is an index on it. */
  keptFrom: 'created_at' | 'leased_until'
}

interface Deps extends Settings {
  pool: Pool
  log: Logger
}

/** Deletes, in the background, the idempotency keys past their time. Any number of instances may do so at once. */
export function createKeySweeper({ pool, log, ...settings }: Deps) {
  const stopping = new AbortController()
  let running = Promise.resolve()

  async function run() {
    while (!stopping.signal.aborted) {
      await sweepAll().catch((error: unknown) => {
        log.warn('idempotency keys past their time could not be deleted; next try in a minute', { error })
      })
      // Instances that were started together do not sweep together.
      const pauseMs = sweepEveryMs * (0.75 + Math.random() / 2)
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }

  async function sweepAll(): Promise<void> {
    let swept = batchSize
    while (swept === batchSize && !stopping.signal.aborted) swept = await sweepKeys(pool, settings)
  }

  return {
    start(): void {
      running = run()
    },
    /** Ends after the batch that is under way. */
    async stop(): Promise<void> {
      stopping.abort()
      await running
    },
  }
}

/** Deletes a batch of keys past their time, oldest first; gives how many. What another instance is at is passed over. */
async function sweepKeys(db: Queryable, { retentionDays, keptFrom }: Settings): Promise<number> {
  const { rowCount } = await db.query(
    `DELETE FROM idempotency_records WHERE (caller, key) IN (
       SELECT caller, key FROM idempotency_records WHERE ${keptFrom} < now() - $1 * interval '1 ms'
       ORDER BY ${keptFrom} LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    [retentionDays * dayMs, batchSize],
  )
  return rowCount ?? 0
}
