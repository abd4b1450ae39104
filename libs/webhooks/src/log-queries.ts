import type { Queryable } from '@ordinal/database'
import type { CloudEvent } from '@ordinal/events'
import type { DeliveryState } from './delivery-queries'

/** A delivery, as it is shown. */
export interface Delivery {
  id: number
  event: CloudEvent
  state: DeliveryState
  attempts: number
  dueAt: Date
  createdAt: Date
  settledAt: Date | null
}

/** What came of an attempt, as it is shown. */
export interface Attempt {
  id: number
  deliveryId: number
  nth: number
  at: Date
  durationMs: number
  status: number | null
  answer: string | null
  error: string | null
}

const columns = `id, event, state, attempts, due_at AS "dueAt", created_at AS "createdAt", settled_at AS "settledAt"`

interface Piece {
  /** The id of the last row of the piece before. */
  before: number
  take: number
}

/** The deliveries to a webhook, latest first. */
export async function listDeliveries(
  db: Queryable,
  webhookId: number,
  state: DeliveryState | undefined,
  { before, take }: Piece,
): Promise<Delivery[]> {
  const { rows } = await db.query<Delivery>(
    `SELECT ${columns} FROM webhook_deliveries
     WHERE webhook_id = $1 AND id < $2 AND ($3::text IS NULL OR state = $3) ORDER BY id DESC LIMIT $4`,
    [webhookId, before, state, take],
  )
  return rows
}

export async function findDelivery(
  db: Queryable,
  webhookId: number,
  id: number,
): Promise<Delivery | undefined> {
  const { rows } = await db.query<Delivery>(
    `SELECT ${columns} FROM webhook_deliveries WHERE webhook_id = $1 AND id = $2`,
    [webhookId, id],
  )
  return rows[0]
}

/** The attempts to deliver to a webhook, or one of its deliveries, latest first. */
export async function listAttempts(
  db: Queryable,
  webhookId: number,
  deliveryId: number | undefined,
  { before, take }: Piece,
): Promise<Attempt[]> {
  const { rows } = await db.query<Attempt>(
    `SELECT id, delivery_id AS "deliveryId", nth, at, duration_ms AS "durationMs", status, answer, error
     FROM webhook_attempts WHERE webhook_id = $1 AND id < $2${deliveryId === undefined ? '' : ' AND delivery_id = $4'}
     ORDER BY id DESC LIMIT $3`,
    [webhookId, before, take, ...(deliveryId === undefined ? [] : [deliveryId])],
  )
  return rows
}

const waitingAgain = `state = 'waiting', settled_at = NULL, attempts = 0, first_failed_at = NULL, due_at = now()`

/** Has a delivery made again, now: one that waits too, unless it is under way. False if there is none. */
export async function replayDelivery(db: Queryable, webhookId: number, id: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE webhook_deliveries SET ${waitingAgain} WHERE webhook_id = $1 AND id = $2`,
    [webhookId, id],
  )
  return rowCount === 1
}

/**
 * Has deliveries made again whose events came since a time, oldest first and some thousands at a time.
 *
 * @param after the id of the last one before
 * @returns the last of these, and how many they were; no id if there is none any more
 */
export async function replaySince(
  db: Queryable,
  webhookId: number,
  since: Date,
  after: number,
): Promise<{ last: number | null; count: number }> {
  const { rows } = await db.query<{ last: number | null; count: number }>(
    `WITH these AS (
       SELECT id FROM webhook_deliveries WHERE webhook_id = $1 AND id > $3 AND created_at >= $2 AND state <> 'waiting'
       ORDER BY id LIMIT 5000 FOR UPDATE),
     again AS (
       UPDATE webhook_deliveries SET ${waitingAgain} FROM these
       WHERE webhook_deliveries.id = these.id RETURNING webhook_deliveries.id)
     SELECT max(id) AS last, count(*)::int AS count FROM again`,
    [webhookId, since, after],
  )
  return rows[0]!
}

/** Leaves an event for one webhook, whichever types it wants. Returns the id of the delivery. */
export async function leaveOne(db: Queryable, webhookId: number, event: CloudEvent): Promise<number> {
  const { rows } = await db.query<{ id: number }>(
    `INSERT INTO webhook_deliveries (webhook_id, event_id, event_type, subject, sequence, event)
     VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
    [webhookId, event.id, event.type, event.subject, event.sequence ?? '', JSON.stringify(event)],
  )
  return rows[0]!.id
}
