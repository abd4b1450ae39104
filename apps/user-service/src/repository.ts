import { int8sAsNumbers, type Int8sAsNumbers } from '@ordinal/database'
import { emailKey } from './email'
import type { Prisma, PrismaClient, User as UserRow } from './generated/prisma/client'

export type User = Int8sAsNumbers<UserRow>

export interface UserFilter {
  /** Text that the name or the e-mail address contains, without regard to case. */
  search?: string | undefined
  active?: boolean | undefined
}

/** The fields that a change may give. */
export type Changes = Partial<Pick<User, 'email' | 'name' | 'age' | 'active'>>

/** A user, in the versions that the caller knows them in; any if undefined. */
export interface Edited {
  id: number
  versions: number[] | undefined
}

interface Deps {
  prisma: PrismaClient
  /** For lists, which may look at every user. */
  heavyPrisma: PrismaClient
}

export type UserRepository = ReturnType<typeof createUserRepository>

/** Users that are not deleted. */
export const createUserRepository = ({ prisma, heavyPrisma }: Deps) => ({
  async find(id: number): Promise<User | undefined> {
    const row = await prisma.user.findFirst({ where: { id, deletedAt: null } })
    return row ? int8sAsNumbers(row) : undefined
  },

  /** The users that fit, oldest first: at most `take` of them, after the one with an id, or after so many. */
  async list(
    filter: UserFilter,
    { after = 0, skip = 0, take }: { after?: number; skip?: number; take: number },
  ): Promise<User[]> {
    const where = { ...whereFits(filter), id: { gt: after } }
    const rows = await heavyPrisma.user.findMany({ where, orderBy: { id: 'asc' }, skip, take })
    return rows.map(int8sAsNumbers)
  },

  /** How many users there are that fit. */
  count: (filter: UserFilter): Promise<number> => heavyPrisma.user.count({ where: whereFits(filter) }),

  /**
   * Undefined if there is no such user, if it is in none of the versions, or if it has these fields already: a change of
   * nothing makes no new version.
   */
  async update(edited: Edited, changes: Changes): Promise<User | undefined> {
    const { email } = changes
    const data = { ...changes, ...(email !== undefined && { emailKey: emailKey(email) }) }
    const [row] = await prisma.user.updateManyAndReturn({
      where: { ...whereIs(edited), OR: whereDiffers(changes) },
      data,
    })
    return row && int8sAsNumbers(row)
  },

  /** False if there is no such user, or not in one of the versions. */
  async markDeleted(edited: Edited): Promise<boolean> {
    const { count } = await prisma.user.updateMany({
      where: whereIs(edited),
      data: { deletedAt: new Date() },
    })
    return count === 1
  },
})

const whereIs = ({ id, versions }: Edited): Prisma.UserWhereInput => ({
  id,
  deletedAt: null,
  ...(versions && { version: { in: versions } }),
})

const whereDiffers = (changes: Changes): Prisma.UserWhereInput[] =>
  Object.entries(changes).map(([field, value]) => ({ [field]: { not: value } }))

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
