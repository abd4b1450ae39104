import type { Pool } from 'pg'
import { withQueryTimeout, type Queryable } from '@ordinal/database'
import { createEvent, type CloudEvent, type NewEvent } from './cloud-event'

export type Outbox = ReturnType<typeof createOutbox>

interface Deps {
  pool: Pool
  /** Who tells of the changes: the `source` of the events. */
  source: string
  /** Whether anybody gets events of a type; the others are kept like those that were delivered. All if not given. */
  isWanted?: (type: string) => boolean
  /** SQL: whether somebody else gets them all the same, which a row of the database tells. */
  alsoWanted?: string
}

/** The channel on which relays are notified of new events. */
export const channel = 'outbox'

const announceLimitMs = 1_000

/** Where a service leaves its events: in its own database, in the transaction of the change that they tell of. */
export function createOutbox({ pool, source, isWanted = () => true, alsoWanted }: Deps) {
  const db = withQueryTimeout(pool, announceLimitMs)
  let announcing: Promise<unknown> | undefined
  let again = false

  return {
    /**
     * Writes events, in the order in which they are given. Whoever changes a subject must hold a lock on it until
     * the commit (its row's UPDATE does): the order of the events is then that of the changes.
     */
    async record(tx: Queryable, events: NewEvent[]): Promise<void> {
      const rows = events.map(rowOf)
      await tx.query({
        name: 'record_events',
        text: `WITH made AS (
           SELECT * FROM unnest($1::text[], $2::json[], $3::boolean[]) WITH ORDINALITY AS made(subject, event, wanted, nth))
         ${recordEventsFrom('made', alsoWanted)}`,
        values: [
          rows.map(({ subject }) => subject),
          rows.map(({ event }) => event),
          rows.map(({ wanted }) => wanted),
        ],
      })
    },

    /** An event as a statement writes it that makes the change itself (`recordEventsFrom`). */
    rowOf,

    /**
     * Wakes the relays of all instances, if events of the type are wanted; to be called after the commit. It is a hint:
     * without it they find the events at their next look.
     *
     * Never in the transaction itself: a NOTIFY takes a lock of the whole server at commit, and holds it until the
     * commit is on disk (docs/decisions/0026). What comes while one is under way is announced once, by the next.
     */
    announce(type: string): void {
      if (!isWanted(type)) return
      again = true
      announcing ??= announceAll().finally(() => (announcing = undefined))
    },

    /** Resolves when what was announced has been sent. */
    async settled(): Promise<void> {
      await announcing
    },
  }

  function rowOf(event: NewEvent): EventRow {
    return {
      subject: event.subject,
      event: JSON.stringify(createEvent(source, event)),
      wanted: isWanted(event.type),
    }
  }

  async function announceAll(): Promise<void> {
    while (again) {
      again = false
      await db
        .query({ name: 'announce_events', text: 'SELECT pg_notify($1, $2)', values: [channel, ''] })
        .catch(() => undefined)
    }
  }
}

/** An event that is to be written. */
interface EventRow {
  subject: string
  /** As JSON. */
  event: string
  /** Whether anybody gets it. */
  wanted: boolean
}

/**
 * The SQL that writes the events of a relation, for statements that make the changes too: they lock what they change.
 *
 * @param made a relation with the columns `subject`, `event`, `wanted`, and `nth`, the order of the events
 * @param alsoWanted as the outbox has it
 */
export const recordEventsFrom = (made: string, alsoWanted = 'false') =>
  `INSERT INTO outbox (subject, event, delivered_at)
   SELECT subject, event, CASE WHEN NOT (wanted OR ${alsoWanted}) THEN now() END FROM ${made} ORDER BY nth`

/** An event that is to be delivered. */
export interface OutboxEvent {
  position: number
  event: CloudEvent
  /** The one consumer that it is for, when it is replayed; null for all. */
  consumer: string | null
  /** Which attempt this is, from 1 on. One that ended with its process counts. */
  attempt: number
}

/**
 * Takes events to be delivered, oldest first, for as long as the lease: of each subject the first that is not
 * delivered, and the next one only when that is. So any number of relays keep the order of each subject.
 *
 * @param from the position to look from
 */
export async function claim(
  db: Queryable,
  { limit, leaseMs, from = 0 }: { limit: number; leaseMs: number; from?: number },
): Promise<OutboxEvent[]> {
  // Materialized, or the plan may run the inner SELECT again and take more than the limit. A comparison with the one
  // first event, since a NOT EXISTS becomes a join: with statistics of a time without a backlog, one over all of it.
  const { rows } = await db.query<OutboxEvent>(
    `WITH due AS MATERIALIZED (
       SELECT position FROM outbox AS head
       WHERE delivered_at IS NULL AND position > 0 AND position >= $3 AND deliver_after <= now() AND position = (
         SELECT position FROM outbox AS first
         WHERE first.subject = head.subject AND first.delivered_at IS NULL ORDER BY position LIMIT 1)
       ORDER BY position LIMIT $1 FOR UPDATE SKIP LOCKED)
     UPDATE outbox SET deliver_after = clock_timestamp() + $2 * interval '1 ms', attempts = attempts + 1
     FROM due WHERE outbox.position = due.position
     RETURNING outbox.position, event, consumer, attempts AS attempt`,
    [limit, leaseMs, from],
  )
  return rows.map((row) => ({ ...row, event: { ...row.event, sequence: sequenceOf(row) } }))
}

/** A replayed event keeps what it had. */
const sequenceOf = ({ event, position }: Pick<OutboxEvent, 'event' | 'position'>) =>
  event.sequence ?? String(position).padStart(19, '0')

/** Notes that events are delivered. Harmless if another relay, after the lease, has delivered them too. */
export async function markDelivered(tx: Queryable, events: OutboxEvent[]): Promise<void> {
  await tx.query({
    name: 'mark_delivered',
    text: 'UPDATE outbox SET delivered_at = now() WHERE position = ANY($1::bigint[]) AND delivered_at IS NULL',
    values: [positionsOf(events)],
  })
}

/**
 * Gives events back, to be tried again after a while.
 *
 * @param counted whether the attempt counts: one that an outage has ended does not
 */
export async function postpone(
  db: Queryable,
  delays: { event: OutboxEvent; ms: number; counted: boolean }[],
): Promise<void> {
  await db.query(
    `UPDATE outbox SET deliver_after = clock_timestamp() + ms * interval '1 ms',
       attempts = greatest(0, attempts - CASE WHEN counted THEN 0 ELSE 1 END)
     FROM unnest($1::bigint[], $2::float8[], $3::boolean[]) AS later(position, ms, counted)
     WHERE outbox.position = later.position AND delivered_at IS NULL`,
    [
      positionsOf(delays.map(({ event }) => event)),
      delays.map(({ ms }) => ms),
      delays.map(({ counted }) => counted),
    ],
  )
}

/** Deletes what was delivered so long ago, a few thousand rows at a time; gives how many. */
export async function sweep(db: Queryable, retentionMs: number): Promise<number> {
  const { rowCount } = await db.query(
    `DELETE FROM outbox WHERE position IN (
       SELECT position FROM outbox WHERE delivered_at < now() - $1 * interval '1 ms'
       ORDER BY delivered_at LIMIT 5000 FOR UPDATE SKIP LOCKED)`,
    [retentionMs],
  )
  return rowCount ?? 0
}

/** How many events wait, and for how long the oldest of them has. */
export async function backlog(db: Queryable): Promise<{ pending: number; oldestSeconds: number }> {
  const { rows } = await db.query<{ pending: number; oldestSeconds: number }>(
    `SELECT count(*) AS pending,
       coalesce(greatest(0, extract(epoch FROM now() - min(created_at))), 0)::float8 AS "oldestSeconds"
     FROM outbox WHERE delivered_at IS NULL`,
  )
  return rows[0]!
}

/** An event that is not delivered yet. */
export interface WaitingEvent {
  position: number
  event: CloudEvent
  /** The one consumer that it is for, when it is replayed; null for all. */
  consumer: string | null
  attempts: number
  /** When it is tried next; it may be under way. */
  dueAt: Date
  createdAt: Date
}

export interface WaitingFilter {
  /** The position that they are behind. */
  after: number
  type?: string | undefined
}

/** Those, oldest first. */
export async function listWaiting(
  db: Queryable,
  { after, type }: WaitingFilter,
  take: number,
): Promise<WaitingEvent[]> {
  const { rows } = await db.query<WaitingEvent>(
    `SELECT position, event, consumer, attempts, deliver_after AS "dueAt", created_at AS "createdAt" FROM outbox
     WHERE delivered_at IS NULL AND position > 0 AND position > $1 AND ($3::text IS NULL OR event->>'type' = $3)
     ORDER BY position LIMIT $2`,
    [after, take, type],
  )
  return rows.map((row) => ({ ...row, event: { ...row.event, sequence: sequenceOf(row) } }))
}

/** How many events wait, by type and by the service that tells of them. */
export interface Backlog {
  types: { type: string; source: string; waiting: number; oldestAt: Date }[]
  /** Whether all are counted. */
  complete: boolean
}

// The types are in the events themselves, which have to be read for it.
const mostCounted = 10_000

/** The types that wait, that of the oldest event first. */
export async function backlogByType(db: Queryable): Promise<Backlog> {
  const { rows } = await db.query<Backlog['types'][number]>(
    `SELECT event->>'type' AS type, event->>'source' AS source, count(*)::int AS waiting, min(created_at) AS "oldestAt"
     FROM (SELECT event, created_at FROM outbox WHERE delivered_at IS NULL AND position > 0
           ORDER BY position LIMIT $1) first
     GROUP BY 1, 2 ORDER BY 4`,
    [mostCounted],
  )
  const counted = rows.reduce((sum, { waiting }) => sum + waiting, 0)
  return { types: rows, complete: counted < mostCounted }
}

const positionsOf = (events: OutboxEvent[]) => events.map(({ position }) => position)
