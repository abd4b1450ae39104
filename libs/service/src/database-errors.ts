import { databaseErrorOf, type DatabaseErrorKind } from '@ordinal/database'
import { AppError } from '@ordinal/errors'

const away = new Set<DatabaseErrorKind>([
  'unreachable',
  'connection_lost',
  'pool_timeout',
  'too_many_connections',
  'query_timeout',
  'read_only',
])

// It answers, but has no disk or memory to work with.
const failing = new Set<DatabaseErrorKind>(['insufficient_resources', 'system_error'])

/** A database that is away or out of resources, or left a commit unconfirmed, is answered with 503; its other errors are bugs of ours. */
export function fromDatabase(error: unknown): AppError | undefined {
  const kind = databaseErrorOf(error)?.kind
  if (kind === 'commit_unknown') {
    const detail =
      'The database did not confirm the commit. The same request with its Idempotency-Key finds out what became of ' +
      'it; without a key, look before you send it again'
    return new AppError('outcome_unknown', detail, { retryAfterSeconds: 1, cause: error })
  }
  if (kind === undefined || !(away.has(kind) || failing.has(kind))) return undefined
  const detail = failing.has(kind)
    ? 'The database cannot do this at the moment'
    : 'The database does not answer at the moment'
  return new AppError('database_unavailable', detail, { retryAfterSeconds: 1, cause: error })
}
