import type { Pool } from 'pg'
import { integer, variable } from '@ordinal/config'
import type { Queryable } from '@ordinal/database'
import { logChanges, type Logger } from '@ordinal/logging'
import { createPeriodicTask } from '@ordinal/periodic-task'
import { inBackground, type Tracing } from '@ordinal/tracing'

const dayMs = 86_400_000
const sweepEveryMs = 60_000
// So few that no request waits for the locks.
const batchSize = 1_000

/** The variable of how long idempotency keys are kept, shared by all services that have the table. */
export const keyRetentionVariables = () => ({
  keyRetentionDays: variable('IDEMPOTENCY_KEY_DAYS', integer({ min: 1, max: 3650 }), {
    description:
      'Days that the Idempotency-Key of an order or a user is kept; after that its request is a new one',
    default: 30,
  }),
})

interface Deps {
  pool: Pool
  log: Logger
  tracing?: Tracing | undefined
  retentionDays: number
}

/**
 * Deletes, in the background, the idempotency keys whose lease ended too long ago. Any number of instances may do so at
 * once.
 */
export function createKeySweeper({ pool, log, tracing, retentionDays }: Deps) {
  return createPeriodicTask({
    run: async () =>
      (await inBackground(tracing, 'sweep idempotency keys', () => sweepKeys(pool, retentionDays))) ===
      batchSize,
    report: logChanges(
      log,
      'idempotency keys past their time could not be deleted; retrying every minute',
      'idempotency keys past their time are deleted again',
    ),
    everyMs: sweepEveryMs,
  })
}

/** Deletes a batch of keys, oldest first, and skips those that another transaction has locked. Returns how many. */
async function sweepKeys(db: Queryable, retentionDays: number): Promise<number> {
  const { rowCount } = await db.query(
    `DELETE FROM idempotency_records WHERE (caller, key) IN (
       SELECT caller, key FROM idempotency_records WHERE leased_until < now() - $1 * interval '1 ms'
       ORDER BY leased_until LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    [retentionDays * dayMs, batchSize],
  )
  return rowCount ?? 0
}
