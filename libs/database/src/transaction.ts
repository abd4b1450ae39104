import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool, PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg'
import { noDeadline, type Deadline } from '@ordinal/deadline'
import { endWith, type Span } from '@ordinal/tracing'
import { timeoutOf, withClient, withinTimeout } from './checkout'
import { CommitUnknownError, databaseErrorOf, endsSession } from './errors'
import { beginOn } from './pooler'
import type { Queryable } from './queryable'
import { samePlace, spanOfStatement, traced } from './trace-statements'

interface TransactionOptions {
  /** The database's default (read committed) if not given. */
  isolation?: 'read committed' | 'repeatable read' | 'serializable'
  /** How often `work` may run in all; 5 if not given. */
  attempts?: number
  /** Milliseconds for each attempt, in place of the pool's timeout; then the connection is destroyed, and with it the transaction. */
  timeoutMs?: number
  /** Of the caller. Nothing is begun once it has passed or the caller has disconnected, and none of the attempts outlasts it. */
  deadline?: Deadline
  /** What it is a part of, if that is in a trace that is recorded: each statement has a span. */
  span?: Span | undefined
}

/**
 * Runs one statement as a transaction of its own, in one round trip. After a serialization failure or a deadlock it runs
 * again.
 * @throws QueryTimeoutError; AppError `deadline_exceeded`, `caller_gone`; CommitUnknownError if the connection broke, or
 *   the time was over, while it was under way
 */
export function runAlone<R extends QueryResultRow>(
  pool: Pool,
  statement: QueryConfig,
  options: Omit<TransactionOptions, 'isolation'> = {},
): Promise<QueryResult<R>> {
  const { span } = options
  return tryAgain(pool, options, async (limit) => {
    let sent = false
    const run = (client: PoolClient) => {
      sent = true
      return client.query<R>(statement)
    }
    const running = withClient(pool, run, limit).catch((error: unknown) => {
      throw sent ? orUnknown(error) : error
    })
    return span ? endWith(spanOfStatement(pool, statement, span), running) : running
  })
}

/**
 * Runs `work` in a transaction and commits it; an error rolls it back. After a serialization failure or a
 * deadlock all of `work` runs again, on a new transaction: it must do nothing but use `tx`, which is dead
 * once the transaction is over.
 * @throws whatever `work` throws; QueryTimeoutError; AppError `deadline_exceeded`, `caller_gone`; CommitUnknownError if
 *   the connection broke, or the time was over, while COMMIT was under way: that is never tried again.
 */
export function transaction<T>(
  pool: Pool,
  work: (tx: Queryable) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  return tryAgain(pool, options, (limit) => attemptTransaction(pool, work, limit, options))
}

async function tryAgain<T>(
  pool: Pool,
  { attempts = 5, timeoutMs = timeoutOf(pool), deadline = noDeadline }: TransactionOptions,
  run: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    deadline.throwIfExpired()
    try {
      return await withinTimeout(timeoutMs, run, deadline)
    } catch (error) {
      if (attempt >= attempts || !mayRunAgain(error)) throw error
      await sleep(Math.min(Math.random() * Math.min(500, 10 * 2 ** attempt), deadline.remainingMs()))
    }
  }
}

async function attemptTransaction<T>(
  pool: Pool,
  work: (tx: Queryable) => Promise<T>,
  signal: AbortSignal,
  { isolation, span }: TransactionOptions,
): Promise<T> {
  let committing = false
  const run = async (client: PoolClient) => {
    const tx = openTransaction(client)
    try {
      await client.query(beginOn(client, isolation))
      const result = await work(traced(samePlace(tx, pool), span))
      tx.close()
      committing = true
      const committed = commit(client)
      await (span ? endWith(spanOfStatement(pool, 'COMMIT', span), committed) : committed)
      return result
    } catch (error) {
      tx.abandon()
      // On a broken connection this fails too; withClient then sees that the transaction is still open.
      await client.query('ROLLBACK').catch(ignore)
      throw error
    }
  }
  try {
    return await withClient(pool, run, signal)
  } catch (error) {
    throw committing ? orUnknown(error) : error
  }
}

/**
 * The client as `tx`, until it is closed or abandoned: then the client may already serve somebody else.
 * To close it throws if the connection broke meanwhile: a COMMIT that is never sent is no unknown outcome.
 */
function openTransaction(client: PoolClient) {
  let open = true
  let lost: Error | undefined
  const onError = (error: Error) => {
    lost ??= error
  }
  client.on('error', onError)
  const abandon = () => {
    open = false
    client.off('error', onError)
  }
  return {
    query<R extends QueryResultRow>(query: string | QueryConfig, values?: unknown[]) {
      if (open) return client.query<R>(query, values)
      return Promise.reject(new Error('The transaction is over: await every query inside it'))
    },
    abandon,
    close() {
      abandon()
      if (lost) throw lost
    },
  }
}

async function commit(client: PoolClient) {
  const { command } = await client.query('COMMIT')
  // PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK, and no error.
  if (command !== 'COMMIT') throw new RolledBackError('Rolled back: an error of a statement was swallowed')
}

class RolledBackError extends Error {}

/** The error of a commit that was under way: unknown, unless the server said how it ended. */
function orUnknown(error: unknown): unknown {
  if (error instanceof CommitUnknownError || refused(error)) return error
  return new CommitUnknownError('The connection was lost while a commit was under way', { cause: error })
}

/** The server itself said that it did not commit. */
function refused(error: unknown): boolean {
  if (error instanceof RolledBackError) return true
  return databaseErrorOf(error)?.sqlState !== undefined && !endsSession(error)
}

function mayRunAgain(error: unknown): boolean {
  const kind = databaseErrorOf(error)?.kind
  return kind === 'serialization_failure' || kind === 'deadlock'
}

function ignore() {}
