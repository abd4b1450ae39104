import type { Queryable } from '@ordinal/database'
import { totalOf } from '@ordinal/list-totals'
import { emailKey } from './email'
import type { User } from './repository'

/** The columns of a user that answers contain. */
export type UserColumns = Omit<User, 'emailKey' | 'deletedAt' | 'erasedAt'>

export type NewUser = Pick<User, 'email' | 'name' | 'age'>

export interface UserFilter {
  /** Text that the name or the e-mail address contains, without regard to case. */
  search?: string | undefined
  active?: boolean | undefined
}

const columns = 'id, email, name, age, active, version, created_at AS "createdAt", updated_at AS "updatedAt"'

/** The users with these ids, in any order; those that are deleted, or never were, are missing. */
export async function findUsers(db: Queryable, ids: readonly number[]): Promise<UserColumns[]> {
  const { rows } = await db.query<UserColumns>({
    name: 'find_users',
    text: `SELECT ${columns} FROM users WHERE id = ANY($1::int8[]) AND deleted_at IS NULL`,
    values: [ids],
  })
  return rows
}

/** By SQL, since it shares a transaction with its idempotency key (docs/decisions/0005). */
export async function insertUser(db: Queryable, { email, name, age }: NewUser): Promise<UserColumns> {
  const { rows } = await db.query<UserColumns>(
    `INSERT INTO users (email, email_key, name, age) VALUES ($1, $2, $3, $4)
     RETURNING ${columns}`,
    [email, emailKey(email), name, age],
  )
  return rows[0]!
}

/**
 * The users that fit, oldest first: at most `take` of them, after the one with an id, or after so many.
 *
 * What is searched for may be in every user or in none. With the number of wanted users in sight, the planner reads all by
 * id, since it expects to meet so few soon; where none fits, that is the whole table. Without it, the planner compares a
 * tenth of the table with the index of searches, and takes the index unless the text is frequent.
 */
export async function listUsers(
  db: Queryable,
  filter: UserFilter,
  { after = 0, skip = 0, take }: { after?: number; skip?: number; take: number },
): Promise<UserColumns[]> {
  const { condition, values } = fits(filter, [after, take, skip])
  const { rows } = await db.query<UserColumns>(
    `SELECT ${columns} FROM users WHERE ${condition} AND id > $1
     ORDER BY id LIMIT (SELECT $2::int8) OFFSET $3`,
    values,
  )
  return rows
}

/** How many users fit. Without a search that is the sum of the counts that triggers keep. */
export async function countUsers(db: Queryable, filter: UserFilter): Promise<number> {
  const { search, active } = filter
  if (search === undefined) return totalOf(db, active === undefined ? undefined : String(active))
  const { condition, values } = fits(filter)
  const { rows } = await db.query<{ total: number }>(
    `SELECT count(*)::int8 AS total FROM users WHERE ${condition}`,
    values,
  )
  return rows[0]!.total
}

/** @param others the values of the statement besides those of the condition */
function fits({ search, active }: UserFilter, others: unknown[] = []) {
  const values = [...others]
  const asked: string[] = []
  if (active !== undefined) asked.push(`active = $${values.push(active)}`)
  if (search !== undefined) {
    // These three have a meaning to LIKE.
    const text = `$${values.push(`%${search.replaceAll(/[\\%_]/g, '\\$&')}%`)}`
    asked.push(`(name ILIKE ${text} OR email ILIKE ${text})`)
  }
  return { condition: ['deleted_at IS NULL', ...asked].join(' AND '), values }
}
