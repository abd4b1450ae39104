import type { Pool } from 'pg'
import { databaseErrorOf, transaction, type Queryable } from '@ordinal/database'
import { AppError } from '@ordinal/errors'
import type { IdempotencyKey } from '@ordinal/service'
import type { Prisma, PrismaClient, User } from './generated/prisma/client'
import { once } from './idempotency'

export type { User }

export interface NewUser {
  email: string
  name: string
  age: number
}

/** A user as they are answered. */
export type UserJson = ReturnType<typeof toJson>

export interface UserFilter {
  /** Text that the name or the e-mail address contains, without regard to case. */
  search?: string | undefined
  active?: boolean | undefined
}

export type Users = ReturnType<typeof createUsers>

interface Deps {
  prisma: PrismaClient
  /** For lists, which may look at every user. */
  heavyPrisma: PrismaClient
  pool: Pool
}

/** Users, of whom a deleted one stays in the database and is never found again. */
export function createUsers({ prisma, heavyPrisma, pool }: Deps) {
  return {
    /**
     * Creates a user; with a key once, however often it is asked for.
     *
     * @throws AppError `email_taken`, `idempotency_key_reused`
     */
    create(user: NewUser, key?: IdempotencyKey): Promise<{ answer: UserJson; replayed: boolean }> {
      const creating = key
        ? transaction(pool, (tx) => once(tx, key, () => insert(tx, user)))
        : insert(pool, user).then((answer) => ({ answer, replayed: false }))
      return keepingEmailUnique(user.email, creating)
    },

    /** @throws AppError `user_not_found` */
    async require(id: number): Promise<User> {
      const user = await prisma.user.findFirst({ where: { id, deletedAt: null } })
      return user ?? missing(id)
    },

    /** A page of the users that fit, oldest first, and the count of all that fit. */
    async list(
      filter: UserFilter,
      page: { skip: number; take: number },
    ): Promise<{ users: User[]; total: number }> {
      const where = whereFits(filter)
      const [users, total] = await Promise.all([
        heavyPrisma.user.findMany({ where, orderBy: { id: 'asc' }, ...page }),
        heavyPrisma.user.count({ where }),
      ])
      return { users, total }
    },

    /** Changes the fields that are given. @throws AppError `user_not_found` or `email_taken` */
    async update(id: number, changes: Partial<NewUser> & { active?: boolean }): Promise<User> {
      const updating = prisma.user.updateManyAndReturn({ where: { id, deletedAt: null }, data: changes })
      const [user] = await keepingEmailUnique(changes.email, updating)
      return user ?? missing(id)
    },

    /** @throws AppError `user_not_found` */
    async remove(id: number): Promise<void> {
      const { count } = await prisma.user.updateMany({
        where: { id, deletedAt: null },
        data: { deletedAt: new Date() },
      })
      if (count === 0) missing(id)
    },
  }
}

/** By SQL, since it has to share a transaction with its key (docs/decisions/0005). */
async function insert(db: Queryable, { email, name, age }: NewUser): Promise<UserJson> {
  const { rows } = await db.query<User>(
    `INSERT INTO users (email, name, age) VALUES ($1, $2, $3)
     RETURNING id, email, name, age, active, created_at AS "createdAt", updated_at AS "updatedAt"`,
    [email, name, age],
  )
  return toJson(rows[0]!)
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

function whereFits({ search, active }: UserFilter): Prisma.UserWhereInput {
  // Prisma hands the text to LIKE as it is, where these three have a meaning.
  const contains = search?.replaceAll(/[\\%_]/g, '\\$&')
  return {
    deletedAt: null,
    ...(active !== undefined && { active }),
    ...(contains !== undefined && {
      OR: [{ name: { contains, mode: 'insensitive' } }, { email: { contains, mode: 'insensitive' } }],
    }),
  }
}

export const toJson = (user: Omit<User, 'deletedAt'>) => ({
  id: Number(user.id),
  email: user.email,
  name: user.name,
  age: user.age,
  active: user.active,
  created_at: user.createdAt.toISOString(),
  updated_at: user.updatedAt.toISOString(),
})
