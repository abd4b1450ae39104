import type { Pool } from 'pg'
import { databaseErrorOf, transaction } from '@ordinal/database'
import { AppError } from './errors'
import { once, type IdempotencyKey } from '@ordinal/idempotency'
import { insertUser, type NewUser, type UserColumns } from './queries'
import type { Changes, User, UserFilter, UserRepository } from './repository'

/** A user, as answers have them. */
type UserJson = ReturnType<typeof toJson>

export type Users = ReturnType<typeof createUsers>

interface Deps {
  repository: UserRepository
  pool: Pool
}

/** Users. A deleted one stays in the database and is never found again. */
export function createUsers({ repository, pool }: Deps) {
  return {
    /**
     * Creates a user; with a key once, however often the request comes.
     *
     * @throws AppError `email_taken`, `idempotency_key_reused`
     */
    create(user: NewUser, key?: IdempotencyKey): Promise<{ answer: UserJson; replayed: boolean }> {
      const creating = key
        ? transaction(pool, (tx) => once(tx, key, async () => toJson(await insertUser(tx, user))))
        : insertUser(pool, user).then((created) => ({ answer: toJson(created), replayed: false }))
      return keepingEmailUnique(user.email, creating)
    },

    /** @throws AppError `user_not_found` */
    require: async (id: number): Promise<User> => (await repository.find(id)) ?? missing(id),

    /** A page of the users that fit, oldest first, and the count of all that fit. */
    list: (filter: UserFilter, page: { skip: number; take: number }) => repository.list(filter, page),

    /** Changes the fields that are given. @throws AppError `user_not_found` or `email_taken` */
    async update(id: number, changes: Changes): Promise<User> {
      const user = await keepingEmailUnique(changes.email, repository.update(id, changes))
      return user ?? missing(id)
    },

    /** @throws AppError `user_not_found` */
    async remove(id: number): Promise<void> {
      if (!(await repository.markDeleted(id))) missing(id)
    },
  }
}

function missing(id: number): never {
  throw new AppError('user_not_found', `There is no user ${id}`)
}

async function keepingEmailUnique<T>(email: string | undefined, writing: Promise<T>): Promise<T> {
  try {
    return await writing
  } catch (error) {
    if (databaseErrorOf(error)?.kind !== 'unique_violation') throw error
    throw new AppError('email_taken', `${email} belongs to another user`)
  }
}

export const toJson = (user: UserColumns) => ({
  id: user.id,
  email: user.email,
  name: user.name,
  age: user.age,
  active: user.active,
  created_at: user.createdAt.toISOString(),
  updated_at: user.updatedAt.toISOString(),
})
