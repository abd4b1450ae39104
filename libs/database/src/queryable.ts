import type { QueryConfig, QueryResult, QueryResultRow } from 'pg'

/**
 * What can run a statement: a pool, a checked-out client, or the `tx` of a transaction.
 * A function that holds SQL takes one as its first parameter, and so works in a transaction and outside.
 */
export interface Queryable {
  query<R extends QueryResultRow = QueryResultRow>(
    query: string | QueryConfig,
    values?: unknown[],
  ): Promise<QueryResult<R>>
}
