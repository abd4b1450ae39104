import type { Pool } from 'pg'
import { withClient, withinTimeout } from './checkout'
import { ReadOnlyError } from './errors'

interface Options {
  /** For each check, waiting for a connection included. */
  timeoutMs: number
  /** How long a write that was confirmed counts: checks within it only read. */
  writeEveryMs: number
}

// The smallest write that there is: a message in the log, which nobody reads. It needs no table and no rights, and its
// commit waits for synchronous standbys as every other does. A standby is asked first: it would refuse it as a fault.
const check = `SELECT current_setting('transaction_read_only')::boolean AS "isReadOnly",
  CASE WHEN $1 AND NOT current_setting('transaction_read_only')::boolean
    THEN pg_logical_emit_message(true, 'ordinal.ready', '') END`

// A session that waits for a standby does not notice that its client has gone: without an end of it, each check would
// leave one behind until the server takes no more connections. What is cancelled is a message, and is needed no longer.
const endAbandoned = `SELECT pg_cancel_backend(pid) FROM pg_stat_activity
  WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid() AND wait_event = 'SyncRep'
    AND query LIKE '%ordinal.ready%' AND clock_timestamp() - query_start > $1 * interval '1 ms'`

/**
 * A check that resolves if the database can be written to, and standbys that have to confirm do so. It writes once in
 * `writeEveryMs`, and at every check after one that failed.
 *
 * @returns the check; it throws ReadOnlyError, QueryTimeoutError after `timeoutMs`, CommitUnknownError if the wait for a
 *   standby was ended, or the error of the connection
 */
export function createWriteCheck(pool: Pool, { timeoutMs, writeEveryMs }: Options): () => Promise<void> {
  let confirmedAtMs = -Infinity
  let mayHaveAbandoned = false

  async function checkWithin(limit: AbortSignal): Promise<void> {
    const startedAtMs = performance.now()
    const writes = startedAtMs - confirmedAtMs >= writeEveryMs
    await withClient(
      pool,
      async (client) => {
        if (mayHaveAbandoned) await client.query(endAbandoned, [timeoutMs])
        mayHaveAbandoned = writes
        const { rows } = await client.query<{ isReadOnly: boolean }>(check, [writes])
        if (rows[0]?.isReadOnly) throw new ReadOnlyError()
        mayHaveAbandoned = false
      },
      limit,
    )
    if (writes) confirmedAtMs = startedAtMs
  }

  return async () => {
    try {
      await withinTimeout(timeoutMs, checkWithin)
    } catch (error) {
      confirmedAtMs = -Infinity
      throw error
    }
  }
}
