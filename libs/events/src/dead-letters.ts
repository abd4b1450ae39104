import type { Pool } from 'pg'
import { transaction } from '@ordinal/database'
import type { CloudEvent } from './cloud-event'
import { markDelivered, type OutboxEvent } from './outbox'
import type { Failure } from './consumer'

/** An event that a consumer could not handle. */
export interface DeadLetter {
  /** That of its row, or of its entry in Redis. */
  id: string
  consumer: string
  /** Why the last attempt failed. */
  reason: string
  attempts: number
  diedAt: Date
  /** Undefined for an entry of a stream that was none. */
  event: CloudEvent | undefined
}

/** Which dead letters: all that fit what is given. */
export interface DeadLetterFilter {
  id?: string | undefined
  consumer?: string | undefined
  /** That of the event. */
  type?: string | undefined
}

/** Events that no attempt could deliver, until their cause is fixed and they are replayed. */
export interface DeadLetters {
  count(filter?: DeadLetterFilter): Promise<number>
  /** Oldest first. */
  list(limit: number, filter?: DeadLetterFilter): Promise<DeadLetter[]>
  /** Delivers them again, each to the consumer that could not handle it; gives how many. */
  replay(filter?: DeadLetterFilter): Promise<number>
}

/** The text of a failure is kept in a row: an error may carry a whole answer in its message. */
export const shortened = (reason: string) => reason.slice(0, 1_000)

/** Those of consumers in this process, in a table beside the outbox. */
export function createDeadLetterTable(pool: Pool): DeadLetters {
  return {
    async count(filter) {
      const { rows } = await pool.query<{ count: number }>(
        `SELECT count(*) FROM dead_events WHERE ${fitting}`,
        valuesOf(filter),
      )
      return rows[0]!.count
    },

    async list(limit, filter) {
      const { rows } = await pool.query<DeadLetter>(
        `SELECT id::text, consumer, reason, attempts, died_at AS "diedAt", event FROM dead_events
         WHERE ${fitting} ORDER BY dead_events.id LIMIT $4`,
        [...valuesOf(filter), limit],
      )
      return rows
    },

    async replay(filter) {
      const { rowCount } = await pool.query(
        `WITH dead AS (DELETE FROM dead_events WHERE ${fitting} RETURNING id, consumer, event)
         INSERT INTO outbox (subject, event, consumer)
         SELECT event->>'subject', event, consumer FROM dead ORDER BY id`,
        valuesOf(filter),
      )
      return rowCount ?? 0
    },
  }
}

// The id as a text: one of Redis fits no row.
const fitting = `($1::text IS NULL OR id::text = $1) AND ($2::text IS NULL OR consumer = $2)
  AND ($3::text IS NULL OR event->>'type' = $3)`

const valuesOf = ({ id, consumer, type }: DeadLetterFilter = {}) => [id, consumer, type]

/** Those of several places as one. */
export const deadLettersOf = (all: readonly DeadLetters[]): DeadLetters => ({
  count: async (filter) => sumOf(await Promise.all(all.map((letters) => letters.count(filter)))),
  async list(limit, filter) {
    const lists = await Promise.all(all.map((letters) => letters.list(limit, filter)))
    return lists
      .flat()
      .toSorted((a, b) => a.diedAt.getTime() - b.diedAt.getTime())
      .slice(0, limit)
  },
  replay: async (filter) => sumOf(await Promise.all(all.map((letters) => letters.replay(filter)))),
})

const sumOf = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0)

/** Moves an event from the outbox to the dead letters: one for each consumer that could not handle it. */
export async function moveToDeadLetters(
  pool: Pool,
  outgoing: OutboxEvent,
  failures: Failure[],
): Promise<void> {
  await transaction(pool, async (tx) => {
    await markDelivered(tx, [outgoing])
    await tx.query(
      `INSERT INTO dead_events (consumer, reason, event, attempts)
       SELECT consumer, reason, $3, $4 FROM unnest($1::text[], $2::text[]) AS failed(consumer, reason)`,
      [
        failures.map(({ consumer }) => consumer),
        failures.map(({ reason }) => shortened(reason)),
        JSON.stringify(outgoing.event),
        outgoing.attempt,
      ],
    )
  })
}
