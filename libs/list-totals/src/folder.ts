import type { Pool } from 'pg'
import type { Queryable } from '@ordinal/database'
import { logChanges, type Logger } from '@ordinal/logging'
import { createPeriodicTask } from '@ordinal/periodic-task'
import { inBackground, type Tracing } from '@ordinal/tracing'

const foldEveryMs = 1_000
// Fewer are read as fast as one, and a service that has nothing to do writes nothing.
const foldedFrom = 200
// In one transaction, which is to be short; after a full one the next begins at once.
const mostAtOnce = 10_000

interface Deps {
  pool: Pool
  log: Logger
  tracing?: Tracing | undefined
}

/**
 * Folds the differences of `list_counts`, in the background, into one row for each key. Any number of instances may do so
 * at once; while none does, totals stay exact and become slower to read.
 */
export function createCountFolder({ pool, log, tracing }: Deps) {
  return createPeriodicTask({
    run: async () =>
      (await inBackground(tracing, 'fold counts', () => foldCounts(pool, foldedFrom))) === mostAtOnce,
    report: logChanges(
      log,
      'the counts of lists could not be folded; retrying every second',
      'the counts of lists are folded again',
    ),
    everyMs: foldEveryMs,
  })
}

/**
 * Folds some differences, oldest first, if there are enough of them: a reader sees them all, or what they add up to. It
 * waits for nobody, and nobody for it: writers only insert, and rows that another instance folds are skipped.
 *
 * @param least how many there have to be: fewer are left as they are
 * @returns how many were folded
 */
export async function foldCounts(db: Queryable, least: number): Promise<number> {
  const { rows } = await db.query<{ folded: number }>(
    `WITH folded AS (
       DELETE FROM list_counts WHERE id IN (
         SELECT id FROM list_counts
         WHERE (SELECT count(*) FROM (SELECT FROM list_counts LIMIT $1) few) >= $1
         ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
       RETURNING key, change),
     sums AS (
       INSERT INTO list_counts (key, change)
       SELECT key, sum(change) FROM folded GROUP BY key HAVING sum(change) <> 0)
     SELECT count(*)::int AS folded FROM folded`,
    [least, mostAtOnce],
  )
  return rows[0]!.folded
}
