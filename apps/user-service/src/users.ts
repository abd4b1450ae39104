import type { Pool } from 'pg'
import { createBatcher } from '@ordinal/batching'
import type { Span } from '@ordinal/tracing'
import { databaseErrorOf, traced, transaction, type Queryable } from '@ordinal/database'
import { cursorsOf, toList, totalShownBy } from '@ordinal/http'
import { z } from 'zod'
import { eraseUser, findRemains } from './erasure-queries'
import { AppError } from './errors'
import { once, type IdempotencyKey } from '@ordinal/idempotency'
import {
  countUsers,
  findUsers,
  insertUser,
  listUsers,
  type NewUser,
  type UserColumns,
  type UserFilter,
} from './queries'
import type { Changes, Edited, UserRepository } from './repository'

// A page of users takes a millisecond.
const mostTogether = 100

/** A user, as answers have them. */
type UserJson = ReturnType<typeof toJson>

export type Users = ReturnType<typeof createUsers>

/** Users are listed by their ids. */
export const userCursors = cursorsOf('users', z.tuple([z.int().min(1)]), [0])

/** Which part of a list. */
interface Part {
  page?: number | undefined
  /** The id of the user before. In place of a page. */
  after?: readonly [id: number] | undefined
  page_size: number
}

interface Deps {
  repository: UserRepository
  pool: Pool
  /** How many connections it has. */
  poolSize: number
  /** For lists, which may look at every user. */
  heavyDb: Queryable
}

/** Users. A deleted one stays in the database, until it is erased, and is never found again. */
export function createUsers({ repository, pool, heavyDb, poolSize }: Deps) {
  // Each reads on a connection of its own, as long as there is one; what would wait for one goes together.
  const find = createBatcher<{ id: number; span: Span | undefined }, UserColumns | undefined>({
    carryOut: async (asked, span) => {
      const ids = asked.map(({ id }) => id)
      const found = new Map((await findUsers(traced(pool, span), ids)).map((user) => [user.id, user]))
      return ids.map((id) => found.get(id))
    },
    trace: { name: 'find users', spanOf: ({ span }) => span },
    maxItems: mostTogether,
    atOnce: poolSize,
  })

  return {
    /**
     * Creates a user; with a key once, however often the request comes.
     *
     * @throws AppError `email_taken`, `idempotency_key_reused`, `idempotency_key_erased`
     */
    async create(
      user: NewUser,
      key?: IdempotencyKey,
      span?: Span,
    ): Promise<{ answer: UserJson; replayed: boolean }> {
      const creating = key
        ? transaction(pool, (tx) => once(tx, key, async () => toJson(await insertUser(tx, user))), { span })
        : insertUser(traced(pool, span), user).then((created) => ({
            answer: toJson(created),
            replayed: false,
          }))
      const { answer, replayed } = await keepingEmailUnique(user.email, creating)
      // An earlier release kept answers without a version: users began with the first.
      return { answer: { ...answer, version: answer.version ?? 1 }, replayed }
    },

    require: requireUser,

    /** The users with these ids that there are, in the order of the ids. */
    async findAll(ids: readonly number[], span?: Span): Promise<UserColumns[]> {
      const found = new Map((await findUsers(traced(pool, span), ids)).map((user) => [user.id, user]))
      return [...new Set(ids)].flatMap((id) => found.get(id) ?? [])
    },

    /** A part of the list of the users that fit, oldest first. They are counted only if it is read by page. */
    async list({ page = 1, after, page_size }: Part, filter: UserFilter, span?: Span) {
      // One more shows whether the list goes on.
      const take = page_size + 1
      const place = after ? { after: after[0], take } : { skip: (page - 1) * page_size, take }
      const db = traced(heavyDb, span)
      const rows = await listUsers(db, filter, place)
      const total = after
        ? undefined
        : (totalShownBy(rows.length, { page, page_size }) ?? (await countUsers(db, filter)))
      return toList(rows, total, { page, page_size }, toJson, ({ id }) => userCursors.write([id], filter))
    },

    /**
     * Changes the fields that are given. A user who has them already keeps its version.
     *
     * @throws AppError `user_not_found`, `version_mismatch`, `email_taken`
     */
    async update(edited: Edited, changes: Changes, span?: Span): Promise<UserColumns> {
      const change = () => keepingEmailUnique(changes.email, repository.update(edited, changes, span))
      return edit(edited, change, span, (user) => hasAll(user, changes) && user)
    },

    /** @throws AppError `user_not_found`, `version_mismatch` */
    async remove(edited: Edited, span?: Span): Promise<void> {
      await edit(edited, () => repository.markDeleted(edited, span), span)
    },

    /**
     * Erases a user who is there or was deleted: only the id stays. For one who is erased already it does nothing.
     *
     * @throws AppError `user_not_found`, `version_mismatch`
     */
    async erase(edited: Edited, span?: Span): Promise<void> {
      const { id, versions = [] } = edited
      // As in `edit`: between the two statements another request may bring the user to another version that is named.
      for (let round = 0; round <= versions.length + 1; round += 1) {
        if (await eraseUser(pool, edited, span)) return
        const remains = await findRemains(traced(pool, span), id)
        if (!remains) throw userNotFound(id)
        if (remains.erased) return
        requireOneOf(edited, remains.version)
      }
      throw changesNow(id)
    },
  }

  /** @throws AppError `user_not_found` */
  async function requireUser(id: number, span?: Span): Promise<UserColumns> {
    const user = await find({ id, span })
    if (user) return user
    throw userNotFound(id)
  }

  /**
   * Makes a change, or says why there was none. Between the two statements another request may bring the user to another
   * version that the caller names; versions only rise, so that it finds each of them once. Or it may change a user who
   * needed no change a moment before: the last round is for that.
   *
   * @param asItIs the result for a user who needs no change; false if there is something to change
   */
  async function edit<T>(
    edited: Edited,
    change: () => Promise<T | false | undefined>,
    span: Span | undefined,
    asItIs: (user: UserColumns) => T | false = () => false,
  ): Promise<T> {
    const { id, versions = [] } = edited
    for (let round = 0; round <= versions.length + 1; round += 1) {
      const done = (await change()) || asItIs(await requireVersion(edited, span))
      if (done) return done
    }
    throw changesNow(id)
  }

  async function requireVersion(edited: Edited, span: Span | undefined): Promise<UserColumns> {
    const user = await requireUser(edited.id, span)
    requireOneOf(edited, user.version)
    return user
  }
}

function requireOneOf({ id, versions }: Edited, version: number): void {
  if (!versions || versions.includes(version)) return
  throw new AppError('version_mismatch', `User ${id} is at version ${version}; its ETag is "${version}"`)
}

const changesNow = (id: number) => new AppError('version_mismatch', `User ${id} changes at this moment`)

const hasAll = (user: UserColumns, changes: Changes) =>
  Object.entries(changes).every(([field, value]) => user[field as keyof Changes] === value)

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
  version: user.version,
  created_at: user.createdAt.toISOString(),
  updated_at: user.updatedAt.toISOString(),
})

/** What whoever asks for a user gets that does not exist, or not for them. */
export const userNotFound = (id: number) => new AppError('user_not_found', `There is no user ${id}`)
