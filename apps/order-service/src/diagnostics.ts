import { z } from 'zod'
import type { Queryable } from '@ordinal/database'
import { countConflictsOfADay } from './numbering/conflict-queries'
import { ageOfOldestWithoutNumber, countWithoutNumber } from './numbering/queries'

/** What the diagnostics of the order service have besides those of every service. */
export const ownDiagnostics = {
  events: z
    .object({
      waiting: z.int(),
      oldest_seconds: z.number().meta({ description: 'Age of the oldest that waits; 0 if none does' }),
      dead_letters: z.int(),
    })
    .optional(),
  numbering: z
    .object({
      without_number: z.int(),
      oldest_seconds: z.number().meta({ description: 'Age of the oldest without one; 0 if all have theirs' }),
      conflicts_of_a_day: z
        .int()
        .meta({ description: 'Numbers of the last 24 hours that an order could not take' }),
    })
    .optional(),
}

interface Deps {
  /** For reads, with a limit. */
  db: Queryable
  events: { state(db: Queryable): Promise<{ waiting: number; oldestSeconds: number; deadLetters: number }> }
}

/** Reads what waits: events for their delivery, and orders for their numbers. */
export const createOwnDiagnostics =
  ({ db, events }: Deps) =>
  async () => {
    const [waiting, numbering] = await Promise.all([
      events.state(db).catch(() => undefined),
      readNumbering(db).catch(() => undefined),
    ])
    return {
      ...(waiting && {
        events: {
          waiting: waiting.waiting,
          oldest_seconds: Math.round(waiting.oldestSeconds),
          dead_letters: waiting.deadLetters,
        },
      }),
      ...(numbering && { numbering }),
    }
  }

const readNumbering = async (db: Queryable) => ({
  without_number: await countWithoutNumber(db),
  oldest_seconds: Math.round(await ageOfOldestWithoutNumber(db)),
  conflicts_of_a_day: await countConflictsOfADay(db),
})
