import type { Pool, QueryConfig, QueryResultRow } from 'pg'
import { withClient } from './checkout'
import { DeadlineError } from './errors'
import type { Queryable } from './queryable'

/**
 * The pool, with a limit on the client's side for each query, waiting for a connection included. It holds
 * where `statement_timeout` cannot: when the server, or the network to it, no longer answers. When it
 * passes, the connection is destroyed and its query abandoned.
 * @throws DeadlineError from `query`, `deadlineMs` milliseconds after the call.
 */
export function withDeadline(pool: Pool, deadlineMs: number): Queryable {
  return {
    async query<R extends QueryResultRow>(query: string | QueryConfig, values?: unknown[]) {
      const deadline = new AbortController()
      const timer = setTimeout(
        () => deadline.abort(new DeadlineError(`The database did not answer within ${deadlineMs} ms`)),
        deadlineMs,
      )
      try {
        return await withClient(pool, (client) => client.query<R>(query, values), deadline.signal)
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

/**
 * Resolves if the database answers, for health checks.
 * @throws DeadlineError if it does not within `timeoutMs`, or the error of the connection.
 */
export async function pingDatabase(pool: Pool, timeoutMs: number): Promise<void> {
  await withDeadline(pool, timeoutMs).query('SELECT 1')
}
