import type { Pool, QueryConfig, QueryResultRow } from 'pg'
import { withClient, withinTimeout } from './checkout'
import type { Queryable } from './queryable'
import { samePlace } from './trace-statements'

/**
 * The pool, with another timeout for each query than its own, on the client's side: waiting for a connection included. It
 * holds where `statement_timeout` cannot: when the server, or the network to it, no longer answers. When it passes, the
 * connection is destroyed and its query abandoned.
 *
 * @throws QueryTimeoutError from `query`, `timeoutMs` milliseconds after the call
 */
export function withQueryTimeout(pool: Pool, timeoutMs: number): Queryable {
  const db: Queryable = {
    query: <R extends QueryResultRow>(query: string | QueryConfig, values?: unknown[]) =>
      withinTimeout(timeoutMs, (limit) =>
        withClient(pool, (client) => client.query<R>(query, values), limit),
      ),
  }
  return samePlace(db, pool)
}
