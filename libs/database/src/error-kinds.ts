export type DatabaseErrorKind =
  | 'unique_violation'
  | 'foreign_key_violation'
  | 'check_violation'
  | 'not_null_violation'
  | 'exclusion_violation'
  | 'data_exception'
  | 'serialization_failure'
  | 'deadlock'
  | 'lock_timeout'
  | 'query_canceled'
  | 'permission_denied'
  | 'read_only'
  | 'authentication_failed'
  | 'unknown_database'
  | 'too_many_connections'
  /** Such as a disk that is full. */
  | 'insufficient_resources'
  /** The server's machine failed it: a disk that cannot be read or written. */
  | 'system_error'
  /** No connection of the pool became free in time. */
  | 'pool_timeout'
  /** There was no connection to send anything on. */
  | 'unreachable'
  /** The connection broke while it was in use: what it was doing may have happened or not. */
  | 'connection_lost'
  /** The client abandoned it: what it was doing may have happened or not. */
  | 'query_timeout'
  | 'commit_unknown'
  | 'other'

/** The kind of an SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
export function kindOfSqlState(sqlState: string): DatabaseErrorKind {
  return SQL_STATES.get(sqlState) ?? SQL_STATES.get(sqlState.slice(0, 2)) ?? 'other'
}

/** The kind that a code of Node, a kind of Prisma's adapter or a message of pg stands for, if it does. */
export function kindOfMark(mark: unknown): DatabaseErrorKind | undefined {
  return typeof mark === 'string' ? MARKS.get(mark) : undefined
}

/** Surely without effect, and the same again may succeed. */
export const RETRYABLE: ReadonlySet<DatabaseErrorKind> = new Set([
  'serialization_failure',
  'deadlock',
  'lock_timeout',
  'read_only',
  'too_many_connections',
  'pool_timeout',
  'unreachable',
])

/** The server refused what it was given. The other kinds are about the server itself, or about its other clients. */
export const OF_ROWS: ReadonlySet<DatabaseErrorKind> = new Set([
  'unique_violation',
  'foreign_key_violation',
  'check_violation',
  'not_null_violation',
  'exclusion_violation',
  'data_exception',
  // What a trigger raises, too.
  'other',
])

/** The connection is broken or useless: one that has become read-only may lead to a demoted primary. */
export const SESSION_ENDING: ReadonlySet<DatabaseErrorKind> = new Set([
  'connection_lost',
  'unreachable',
  'read_only',
])

// Five characters are a code, two the class of the codes that are not listed.
const SQL_STATES = new Map<string, DatabaseErrorKind>([
  ['08', 'connection_lost'],
  ['22', 'data_exception'],
  ['23001', 'foreign_key_violation'],
  ['23502', 'not_null_violation'],
  ['23503', 'foreign_key_violation'],
  ['23505', 'unique_violation'],
  ['23514', 'check_violation'],
  ['23P01', 'exclusion_violation'],
  ['25006', 'read_only'],
  ['25P03', 'connection_lost'], // idle_in_transaction_session_timeout
  ['25P04', 'connection_lost'], // transaction_timeout
  ['28', 'authentication_failed'],
  ['3D000', 'unknown_database'],
  ['40001', 'serialization_failure'],
  ['40P01', 'deadlock'],
  ['42501', 'permission_denied'],
  ['53', 'insufficient_resources'],
  ['53300', 'too_many_connections'],
  ['55P03', 'lock_timeout'],
  ['57014', 'query_canceled'],
  ['57P01', 'connection_lost'], // admin_shutdown, pg_terminate_backend
  ['57P02', 'connection_lost'], // crash_shutdown
  ['57P03', 'unreachable'], // starting up, shutting down
  ['57P04', 'connection_lost'], // database_dropped
  ['57P05', 'connection_lost'], // idle_session_timeout
  ['58', 'system_error'],
])

const MARKS = new Map<string, DatabaseErrorKind>([
  ['EAI_AGAIN', 'unreachable'],
  ['ECONNREFUSED', 'unreachable'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['ENOTFOUND', 'unreachable'],
  ['DatabaseNotReachable', 'unreachable'],
  ['TlsConnectionError', 'unreachable'],
  ['Cannot use a pool after calling end on the pool', 'unreachable'],
  ['Connection terminated due to connection timeout', 'unreachable'],
  ['timeout expired', 'unreachable'],
  // Of the first statement of a connection, the only one with a limit of its own.
  ['Query read timeout', 'unreachable'],
  ['timeout exceeded when trying to connect', 'pool_timeout'],
  ['ECONNRESET', 'connection_lost'],
  ['EPIPE', 'connection_lost'],
  ['ETIMEDOUT', 'connection_lost'],
  ['ConnectionClosed', 'connection_lost'],
  ['SocketTimeout', 'connection_lost'],
  ['Client has encountered a connection error and is not queryable', 'connection_lost'],
  ['Client was closed and is not queryable', 'connection_lost'],
  ['Connection terminated', 'connection_lost'],
  ['Connection terminated unexpectedly', 'connection_lost'],
])
