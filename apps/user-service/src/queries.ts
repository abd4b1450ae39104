import type { Queryable } from '@ordinal/database'
import type { User } from './repository'

export type NewUser = Pick<User, 'email' | 'name' | 'age'>

/** By SQL, since it shares a transaction with its idempotency key (docs/decisions/0005). */
export async function insertUser(
  db: Queryable,
  { email, name, age }: NewUser,
): Promise<Omit<User, 'deletedAt'>> {
  const { rows } = await db.query<Omit<User, 'deletedAt'>>(
    `INSERT INTO users (email, name, age) VALUES ($1, $2, $3)
     RETURNING id, email, name, age, active, created_at AS "createdAt", updated_at AS "updatedAt"`,
    [email, name, age],
  )
  return rows[0]!
}
