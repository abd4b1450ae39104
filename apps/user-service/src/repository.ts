import { int8sAsNumbers, tracedPrisma, type Int8sAsNumbers } from '@ordinal/database'
import type { Span } from '@ordinal/tracing'
import { emailKey } from './email'
import type { Prisma, PrismaClient, User as UserRow } from './generated/prisma/client'

export type User = Int8sAsNumbers<UserRow>

/** The fields that a change may give. */
export type Changes = Partial<Pick<User, 'email' | 'name' | 'age' | 'active'>>

/** A user, in the versions that the caller knows them in; any if undefined. */
export interface Edited {
  id: number
  versions: number[] | undefined
}

export type UserRepository = ReturnType<typeof createUserRepository>

/** Users that are not deleted. */
export const createUserRepository = (prisma: PrismaClient) => ({
  /**
   * Undefined if there is no such user, if it is in none of the versions, or if it has these fields already: a change of
   * nothing makes no new version.
   */
  async update(edited: Edited, changes: Changes, span?: Span): Promise<User | undefined> {
    const { email } = changes
    const data = { ...changes, ...(email !== undefined && { emailKey: emailKey(email) }) }
    const [row] = await tracedPrisma(prisma, span).user.updateManyAndReturn({
      where: { ...whereIs(edited), OR: whereDiffers(changes) },
      data,
    })
    return row && int8sAsNumbers(row)
  },

  /** False if there is no such user, or not in one of the versions. */
  async markDeleted(edited: Edited, span?: Span): Promise<boolean> {
    const { count } = await tracedPrisma(prisma, span).user.updateMany({
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
