import type { Pool } from 'pg'
import { transaction } from '@ordinal/database'
import type { Failure } from './consumer'
import {
  firstDeadLetter,
  shortened,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterStore,
} from './dead-letters'
import { markDelivered, type OutboxEvent } from './outbox'

/** The dead letters of consumers in this process, in a table beside the outbox. */
export function createDeadLetterTable(pool: Pool): DeadLetterStore {
  return {
    async count(filter) {
      const { rows } = await pool.query<{ count: number }>(
        `SELECT count(*) FROM dead_events WHERE ${fitting}`,
        valuesOf(filter),
      )
      return rows[0]!.count
    },

    async list(limit, filter, { row } = firstDeadLetter) {
      const { rows } = await pool.query<DeadLetter>(
        `SELECT id::text, consumer, reason, attempts, died_at AS "diedAt", event FROM dead_events
         WHERE dead_events.id > $4 AND ${fitting} ORDER BY dead_events.id LIMIT $5`,
        [...valuesOf(filter), row, limit],
      )
      return rows.map((letter) => ({ ...letter, place: { row: Number(letter.id) } }))
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

/** Moves an event from the outbox to the dead letters: one for each consumer that could not handle it. */
export async function moveToDeadLetters(
  pool: Pool,
  outgoing: OutboxEvent,
  failures: Failure[],
): Promise<void> {
  await transaction(pool, async (tx) => {
    await markDelivered(tx, [outgoing])
    // One at a time up to the commit: the ids are then in the order of the commits, and nobody who lists the letters by
    // their ids passes over one that was committed late.
    await tx.query(
      `WITH alone AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtext('dead_events')))
       INSERT INTO dead_events (consumer, reason, event, attempts)
       SELECT consumer, reason, $3, $4 FROM alone, unnest($1::text[], $2::text[]) AS failed(consumer, reason)`,
      [
        failures.map(({ consumer }) => consumer),
        failures.map(({ reason }) => shortened(reason)),
        JSON.stringify(outgoing.event),
        outgoing.attempt,
      ],
    )
  })
}
