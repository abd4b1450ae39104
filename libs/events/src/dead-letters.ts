import type { Pool } from 'pg'
import { transaction } from '@ordinal/database'
import type { CloudEvent } from './cloud-event'
import { markDelivered, type OutboxEvent } from './outbox'
import type { Failure } from './consumer'

/** An event that a consumer could not handle. */
export interface DeadLetter {
  consumer: string
  /** Why the last attempt failed. */
  reason: string
  attempts: number
  diedAt: Date
  /** Undefined for an entry of a stream that was none. */
  event: CloudEvent | undefined
}

/** Events that no attempt could deliver, until their cause is fixed and they are replayed. */
export interface DeadLetters {
  count(): Promise<number>
  /** Oldest first. */
  list(limit: number): Promise<DeadLetter[]>
  /** Delivers all of them again, each to the consumer that could not handle it; gives how many. */
  replay(): Promise<number>
}

/** The text of a failure is kept in a row: an error may carry a whole answer in its message. */
export const shortened = (reason: string) => reason.slice(0, 1_000)

/** Those of consumers in this process, in a table beside the outbox. */
export function createDeadLetterTable(pool: Pool): DeadLetters {
  return {
    async count() {
      const { rows } = await pool.query<{ count: number }>('SELECT count(*) FROM dead_events')
      return rows[0]!.count
    },

    async list(limit) {
      const { rows } = await pool.query<DeadLetter>(
        `SELECT consumer, reason, attempts, died_at AS "diedAt", event FROM dead_events ORDER BY id LIMIT $1`,
        [limit],
      )
      return rows
    },

    async replay() {
      const { rowCount } = await pool.query(
        `WITH dead AS (DELETE FROM dead_events RETURNING id, consumer, event)
         INSERT INTO outbox (subject, event, consumer)
         SELECT event->>'subject', event, consumer FROM dead ORDER BY id`,
      )
      return rowCount ?? 0
    },
  }
}

/** Those of several places as one. */
export const deadLettersOf = (all: readonly DeadLetters[]): DeadLetters => ({
  count: async () => sumOf(await Promise.all(all.map((letters) => letters.count()))),
  async list(limit) {
    const lists = await Promise.all(all.map((letters) => letters.list(limit)))
    return lists
      .flat()
      .toSorted((a, b) => a.diedAt.getTime() - b.diedAt.getTime())
      .slice(0, limit)
  },
  replay: async () => sumOf(await Promise.all(all.map((letters) => letters.replay()))),
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
