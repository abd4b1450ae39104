import { Pool, type ClientBase, type QueryConfig } from 'pg'
import { DatabaseClient } from './client'
import { setTimeoutOf, withClient } from './checkout'
import { INT8_AS_NUMBER } from './int8'
import { prepareSession, type PoolerMode } from './pooler'
import { setPlace } from './trace-statements'

export interface PoolSettings {
  url: string
  /** Shown in `pg_stat_activity`. */
  applicationName: string
  maxConnections: number
  /** For a new connection, and for a free one when all are in use. */
  connectTimeoutMs: number
  /** A connection idle for longer is closed; 10 s if not given. */
  idleTimeoutMs?: number
  /**
   * For a query, or a transaction in all, waiting for a connection included: then it is abandoned, and its connection
   * destroyed. It holds where the limits of the server cannot, since the server, or the network to it, is silent.
   */
  useTimeoutMs: number
  /** The server cancels a statement that runs longer. */
  statementTimeoutMs: number
  /** The server cancels a statement that waits longer for a lock. */
  lockTimeoutMs?: number
  /** The server ends a session that keeps a transaction, and its locks, open and idle for longer; 10 s if not given. */
  idleInTransactionTimeoutMs?: number
  /** The pooler in front of PostgreSQL, if any; `auto` if not given. */
  pooler?: PoolerMode
  /** Called once, when a connection has no session of its own. */
  onPooler?: () => void
  /** Told of every connection that breaks, idle or in use. Its user gets an error of its own. */
  onError: (error: Error) => void
}

/**
 * A pool that survives its connections: none that breaks ends the process, and none is waited for without
 * end. `pool.query` gives its connection back after an error of SQL (pg's own destroys it), so it may be
 * used where errors are expected, and Prisma's adapter may be given the pool as it is: `new PrismaPg(pool)`.
 * Of its forms only that with a promise is left.
 * An `int8` is read as a number, beyond 2^53 it is an error.
 *
 * Limits are set by the first statement of a connection, since pgbouncer refuses them as parameters of its start. Behind a
 * pooler that shares sessions, statements have no names, and the server's limits hold in transactions only; those on this
 * side hold everywhere.
 */
export function createPool(settings: PoolSettings): Pool {
  const limits = {
    statement_timeout: settings.statementTimeoutMs,
    ...(settings.lockTimeoutMs !== undefined && { lock_timeout: settings.lockTimeoutMs }),
    // A client that froze, or whose network swallows its packets, would hold its locks for hours.
    idle_in_transaction_session_timeout: settings.idleInTransactionTimeoutMs ?? 10_000,
    // A backend whose client has gone stops working, and lets its locks go, within a second.
    client_connection_check_interval: 1_000,
  }
  let told = false
  // pg-pool waits for the promise.
  const onConnect = async (client: ClientBase): Promise<void> => {
    const shared = await prepareSession(client, settings.pooler ?? 'auto', limits, settings.connectTimeoutMs)
    if (!shared || told) return
    told = true
    settings.onPooler?.()
  }
  const pool = new Pool({
    connectionString: settings.url,
    application_name: settings.applicationName,
    max: settings.maxConnections,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    idleTimeoutMillis: settings.idleTimeoutMs ?? 10_000,
    // pg-pool gives it these settings, though its type says that it gives none.
    Client: DatabaseClient as unknown as new () => DatabaseClient,
    // eslint-disable-next-line @typescript-eslint/no-misused-promises
    onConnect,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: INT8_AS_NUMBER,
  })

  pool.on('connect', (client) => {
    // Without a listener the error of a checked-out client ends the process. A broken connection may
    // report twice (the server's reason, then the socket's end): the first tells.
    client.once('error', settings.onError)
    client.on('error', ignore)
  })
  pool.on('error', ignore)

  setTimeoutOf(pool, settings.useTimeoutMs)
  setPlace(pool, settings.url)
  pool.query = ((query: string | QueryConfig, values?: unknown[]) =>
    withClient(pool, (client) => client.query(query, values))) as Pool['query']
  return pool
}

function ignore() {}
