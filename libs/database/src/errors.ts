import {
  kindOfMark,
  kindOfSqlState,
  OF_ROWS,
  RETRYABLE,
  SESSION_ENDING,
  type DatabaseErrorKind,
} from './error-kinds'

/**
 * The outcome of a commit is not known: the connection was lost, or abandoned, while it was under way;
 * or it is committed here but no synchronous standby has confirmed it. To run the work again blindly could
 * do it twice: look for its effect, by a key that it wrote, and answer 503 until that is found.
 */
export class CommitUnknownError extends Error {
  override readonly name = 'CommitUnknownError'
}

/** A query was abandoned at its timeout. It may have had its effect, or have it yet. */
export class QueryTimeoutError extends Error {
  override readonly name = 'QueryTimeoutError'
}

/** The server takes no writes: a standby, or a primary that is configured so. The server itself answers this to a write. */
export class ReadOnlyError extends Error {
  override readonly name = 'ReadOnlyError'
  readonly code = '25006'
  readonly severity = 'ERROR'

  constructor() {
    super('The server is read-only: it is a standby, or configured to take no writes')
  }
}

interface DatabaseError {
  kind: DatabaseErrorKind
  /** The five characters of PostgreSQL's Appendix A, where the server answered. */
  sqlState?: string
  /** The name of the constraint. Prisma's adapter does not pass on that of a check. */
  constraint?: string
  /** Surely without effect, and the same again may succeed. */
  retryable: boolean
}

/**
 * What kind of failure of the database an error is, whether pg, Prisma's adapter or Prisma's client threw
 * it; undefined if it is none. Ask it about errors of database calls only: a refused or reset connection
 * looks the same whoever was called.
 */
export function databaseErrorOf(error: unknown): DatabaseError | undefined {
  const thrown = driverErrorIn(error)
  if (!thrown) return undefined
  const sqlState = sqlStateOf(thrown)
  const kind = sqlState ? kindOfSqlState(sqlState) : kindWithoutSqlState(thrown)
  return kind && { kind, sqlState, constraint: constraintOf(thrown), retryable: RETRYABLE.has(kind) }
}

/** Whether the server may have refused a statement, without effect, for one of several rows that it was given. */
export function mayBeOfOneRow(error: unknown): boolean {
  const kind = databaseErrorOf(error)?.kind
  return kind !== undefined && OF_ROWS.has(kind)
}

/** After such an error the session is over, or of no use: its connection must not serve again. */
export function endsSession(error: unknown): boolean {
  const kind = databaseErrorOf(error)?.kind
  return kind !== undefined && SESSION_ENDING.has(kind)
}

/** What an error says. That of a host with several addresses has no message, but a code. */
export function reasonOf(error: unknown): string {
  const { message, code } = (error ?? {}) as { message?: string; code?: string }
  return message || code || String(error)
}

/** What an error of pg and the `cause` of an error of Prisma's adapter may carry. */
interface DriverError {
  message?: unknown
  code?: unknown
  syscall?: unknown
  severity?: unknown
  constraint?: string | { index?: string; fields?: string[] }
  kind?: unknown
  originalCode?: unknown
}

/** Prisma's client keeps the adapter's error in `meta`, and the adapter what the driver said in `cause`. */
function driverErrorIn(error: unknown): DriverError | undefined {
  const { meta } = (error ?? {}) as { meta?: { driverAdapterError?: unknown } }
  const thrown = (meta?.driverAdapterError ?? error) as { name?: unknown; cause?: unknown } | undefined | null
  const told = thrown?.name === 'DriverAdapterError' ? thrown.cause : thrown
  return typeof told === 'object' && told !== null ? told : undefined
}

function sqlStateOf({ originalCode, code, severity }: DriverError): string | undefined {
  // EPIPE and P2002 have five characters too, but only the server's own errors have a severity.
  const candidate = originalCode ?? (severity === undefined ? undefined : code)
  return typeof candidate === 'string' && /^[0-9A-Z]{5}$/.test(candidate) ? candidate : undefined
}

function constraintOf({ constraint }: DriverError): string | undefined {
  return typeof constraint === 'object' ? (constraint.index ?? constraint.fields?.join('_')) : constraint
}

function kindWithoutSqlState(error: DriverError): DatabaseErrorKind | undefined {
  if (error instanceof CommitUnknownError) return 'commit_unknown'
  if (error instanceof QueryTimeoutError) return 'query_timeout'
  // Linux gives a connection that times out the code of the last ICMP message: EHOSTUNREACH, too.
  if (error.syscall === 'read' || error.syscall === 'write') return 'connection_lost'
  return kindOfMark(error.code) ?? kindOfMark(error.kind) ?? kindOfMark(error.message)
}
