import type { Pool, QueryConfig, QueryResultRow } from 'pg'
import { withClient, withinLimit } from './checkout'
import type { Queryable } from './queryable'

/**
 * The pool, with another limit on the client's side for each query than its own `useTimeoutMs`: waiting for a
 * connection included. It holds where `statement_timeout` cannot: when the server, or the network to it, no longer answers. When it
 * passes, the connection is destroyed and its query abandoned.
 * @throws DeadlineError from `query`, `deadlineMs` milliseconds after the call.
 */
export function withDeadline(pool: Pool, deadlineMs: number): Queryable {
  return {
    query: <R extends QueryResultRow>(query: string | QueryConfig, values?: unknown[]) =>
      withinLimit(deadlineMs, (limit) => withClient(pool, (client) => client.query<R>(query, values), limit)),
  }
}

/**
 * Resolves if the database answers, for health checks.
 * @throws DeadlineError if it does not within `timeoutMs`, or the error of the connection.
 */
export async function pingDatabase(pool: Pool, timeoutMs: number): Promise<void> {
  await withDeadline(pool, timeoutMs).query('SELECT 1')
}
