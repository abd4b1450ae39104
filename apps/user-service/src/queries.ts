import type { Queryable } from '@ordinal/database'
import { emailKey } from './email'
import type { User } from './repository'

/** The columns of a user that answers contain. */
export type UserColumns = Omit<User, 'emailKey' | 'deletedAt'>

export type NewUser = Pick<User, 'email' | 'name' | 'age'>

/** By SQL, since it shares a transaction with its idempotency key (docs/decisions/0005). */
export async function insertUser(db: Queryable, { email, name, age }: NewUser): Promise<UserColumns> {
  const { rows } = await db.query<UserColumns>(
    `INSERT INTO users (email, email_key, name, age) VALUES ($1, $2, $3, $4)
     RETURNING id, email, name, age, active, version, created_at AS "createdAt", updated_at AS "updatedAt"`,
    [email, emailKey(email), name, age],
  )
  return rows[0]!
}
