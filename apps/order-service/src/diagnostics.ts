import { z } from 'zod'
import type { Queryable } from '@ordinal/database'
import type { WebhookBacklog } from '@ordinal/webhooks'
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
  webhooks: z
    .array(
      z.object({
        id: z.int(),
        off_reason: z.enum(['failing', 'gone']).nullable().meta({ description: 'Null if it is on' }),
        waiting: z.int(),
        waiting_seconds: z
          .number()
          .meta({ description: 'For how long they have failed, or have been due; 0 if none waits' }),
      }),
    )
    .optional()
    .meta({ description: 'Those that were switched off for failing, and those that deliveries wait for' }),
}

interface Deps {
  /** For reads, with a limit. */
  db: Queryable
  events: { state(db: Queryable): Promise<{ waiting: number; oldestSeconds: number; deadLetters: number }> }
  webhooks: { backlogs(db: Queryable): Promise<WebhookBacklog[]> }
}

/** Reads what waits: events for their delivery, orders for their numbers, deliveries for webhooks. */
export const createOwnDiagnostics =
  ({ db, events, webhooks }: Deps) =>
  async () => {
    const [waiting, numbering, backlogs] = await Promise.all([
      events.state(db).catch(() => undefined),
      readNumbering(db).catch(() => undefined),
      webhooks.backlogs(db).catch(() => undefined),
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
      ...(backlogs && { webhooks: backlogs.map(toJson) }),
    }
  }

async function readNumbering(db: Queryable) {
  const { listed, deleted } = await countWithoutNumber(db)
  return {
    without_number: listed + deleted,
    oldest_seconds: Math.round(await ageOfOldestWithoutNumber(db)),
    conflicts_of_a_day: await countConflictsOfADay(db),
  }
}

const toJson = ({ id, offReason, waiting, waitingSeconds }: WebhookBacklog) => ({
  id,
  off_reason: offReason,
  waiting,
  waiting_seconds: Math.round(waitingSeconds),
})
