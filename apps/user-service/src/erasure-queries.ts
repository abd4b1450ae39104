import type { Pool } from 'pg'
import { runAlone, type Queryable } from '@ordinal/database'
import { eraseAnswersFrom } from '@ordinal/idempotency'
import type { Span } from '@ordinal/tracing'
import type { Edited } from './repository'

/** All of it in one statement: whatever dies, a user is erased everywhere or nowhere. */
const eraseFrom = (persons: string) =>
  `WITH person AS (${persons}), ${eraseAnswersFrom('person')}
   UPDATE users SET email = '', email_key = '', name = '', age = 0, active = false, updated_at = now(),
     deleted_at = coalesce(deleted_at, now()), erased_at = now()
   FROM person WHERE users.id = person.id RETURNING users.id`

/** Erases a user, deleted or not. False if there is none, if it is in none of the versions, or if it is erased already. */
export async function eraseUser(pool: Pool, { id, versions }: Edited, span?: Span): Promise<boolean> {
  const statement = {
    name: 'erase_user',
    text: eraseFrom(
      `SELECT id FROM users WHERE id = $1 AND erased_at IS NULL AND ($2::int8[] IS NULL OR version = ANY($2))
       FOR UPDATE`,
    ),
    values: [id, versions ?? null],
  }
  const { rowCount } = await runAlone(pool, statement, { span })
  return rowCount === 1
}

/**
 * Erases users who were deleted so long ago, those deleted first; those that another transaction has locked come later.
 *
 * @returns how many
 */
export async function eraseDeletedUsers(pool: Pool, olderThanMs: number, limit: number): Promise<number> {
  const { rowCount } = await runAlone(pool, {
    name: 'erase_deleted_users',
    text: eraseFrom(
      `SELECT id FROM users WHERE erased_at IS NULL AND deleted_at < now() - $1 * interval '1 ms'
       ORDER BY deleted_at LIMIT $2 FOR UPDATE SKIP LOCKED`,
    ),
    values: [olderThanMs, limit],
  })
  return rowCount ?? 0
}

/** The version of a user, deleted or not, and whether it is erased; undefined if there never was one. */
export async function findRemains(
  db: Queryable,
  id: number,
): Promise<{ version: number; erased: boolean } | undefined> {
  const { rows } = await db.query<{ version: number; erased: boolean }>(
    'SELECT version, erased_at IS NOT NULL AS erased FROM users WHERE id = $1',
    [id],
  )
  return rows[0]
}

/**
 * When the last user was erased of whom PostgreSQL may still have a sample, which the planner estimates by: names and
 * addresses stand in it (`pg_stats`). Undefined if there is none.
 *
 * @returns `settled`: whether each sample from now on is without them. A sample of a moment ago may have been begun before the
 *   erasure was committed
 */
export async function erasedSinceSample(db: Queryable): Promise<{ at: Date; settled: boolean } | undefined> {
  const { rows } = await db.query<{ at: Date; settled: boolean }>(
    `SELECT erased_at AS at, erased_at < now() - interval '1 minute' AS settled FROM users
     WHERE erased_at > coalesce(
       (SELECT greatest(last_analyze, last_autoanalyze) FROM pg_stat_user_tables WHERE relid = 'users'::regclass),
       '-infinity') - interval '1 minute'
     ORDER BY erased_at DESC LIMIT 1`,
  )
  return rows[0]
}

/** Has PostgreSQL take a new sample of users. Without the right to, it only warns. */
export const sampleUsers = (db: Queryable) => db.query('ANALYZE users')
