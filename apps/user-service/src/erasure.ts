import type { Pool } from 'pg'
import { integer, variable } from '@ordinal/config'
import { logChanges, type Logger } from '@ordinal/logging'
import { createPeriodicTask } from '@ordinal/periodic-task'
import { inBackground, type Tracing } from '@ordinal/tracing'
import { eraseDeletedUsers, erasedSinceSample, sampleUsers } from './erasure-queries'

const dayMs = 86_400_000
const everyMs = 60_000
// So few that no request waits for the locks.
const batchSize = 100

/** The variable of how long deleted users are kept. */
export const userRetentionVariables = () => ({
  deletedUserDays: variable('DELETED_USER_DAYS', integer({ min: 0, max: 36_500 }), {
    description:
      'Days after which a deleted user is erased: name, address and age go, the id stays (docs/personal-data.md); 0 erases within a minute',
    default: 30,
  }),
})

interface Deps {
  pool: Pool
  log: Logger
  tracing?: Tracing | undefined
  retentionDays: number
}

/**
 * Erases, in the background, users who were deleted too long ago; and has PostgreSQL forget its samples of those who are
 * erased. Any number of instances may do so at once.
 */
export function createUserEraser({ pool, log, tracing, retentionDays }: Deps) {
  // Where the role may take no sample, it is not tried for the same erasure for ever.
  let sampledFor = 0
  return createPeriodicTask({
    run: async () => {
      const erased = await inBackground(tracing, 'erase deleted users', () =>
        eraseDeletedUsers(pool, retentionDays * dayMs, batchSize),
      )
      if (erased > 0) log.info('deleted users erased', { count: erased })
      if (erased === batchSize) return true
      const last = await erasedSinceSample(pool)
      if (!last || last.at.getTime() <= sampledFor) return false
      await sampleUsers(pool)
      if (last.settled) sampledFor = last.at.getTime()
      return false
    },
    report: logChanges(
      log,
      'deleted users could not be erased; retrying every minute',
      'deleted users are erased again',
    ),
    everyMs,
  })
}
