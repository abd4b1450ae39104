import type { Queryable } from '@ordinal/database'

/** What there is of the index of searches. One that was cut short, or is being built, is invalid. */
export async function searchIndexState(db: Queryable): Promise<'ready' | 'invalid' | 'missing'> {
  const { rows } = await db.query<{ valid: boolean }>(
    `SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass('users_search_idx')`,
  )
  if (rows.length === 0) return 'missing'
  return rows[0]!.valid ? 'ready' : 'invalid'
}

/** Whether this session alone may build it now; until the session ends. */
export async function tryToLockIndex(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ locked: boolean }>(
    `SELECT pg_try_advisory_lock(hashtext('ordinal_search_index')) AS locked`,
  )
  return rows[0]!.locked
}

/** @throws DatabaseError if the role may not, or if the server does not have it */
export const createTrigramExtension = (db: Queryable) => db.query('CREATE EXTENSION IF NOT EXISTS pg_trgm')

export const dropSearchIndex = (db: Queryable) =>
  db.query('DROP INDEX CONCURRENTLY IF EXISTS users_search_idx')

/** Builds it while users are written, however long that takes. */
export async function buildSearchIndex(db: Queryable): Promise<void> {
  await db.query('SET statement_timeout = 0')
  await db.query('SET lock_timeout = 0')
  // The extension may be in a schema that nobody searches.
  const { rows } = await db.query<{ schema: string }>(
    `SELECT quote_ident(nspname) AS schema FROM pg_extension
     JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm'`,
  )
  const operators = `${rows[0]!.schema}.gin_trgm_ops`
  await db.query(
    `CREATE INDEX CONCURRENTLY users_search_idx ON users USING gin (name ${operators}, email ${operators})
     WHERE deleted_at IS NULL`,
  )
}
