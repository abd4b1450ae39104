import type { Queryable } from '@ordinal/database'
import type { CloudEvent } from '@ordinal/events'
import type { AttemptResult, NextStep } from './after-attempt'
import type { OffReason } from './webhook-queries'

export type DeliveryState = 'waiting' | 'delivered' | 'failed'

/**
 * Inserts a delivery of each event for each webhook that wants its type, in the order in which the events are given; one that
 * is there already stays as it is.
 *
 * @returns how many deliveries were inserted
 */
export async function leaveDeliveries(db: Queryable, events: readonly CloudEvent[]): Promise<number> {
  // The lock lets nobody delete a webhook meanwhile. What waits for an earlier event of its subject is due when that is.
  const { rowCount } = await db.query({
    name: 'leave_webhook_deliveries',
    text: `WITH wanted AS MATERIALIZED (
       SELECT webhooks.id AS webhook_id, given.nth, given.event, given.id, given.type, given.subject, given.sequence
       FROM unnest($1::json[], $2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
         AS given(event, id, type, subject, sequence, nth)
       JOIN webhooks ON given.type = ANY(webhooks.event_types) FOR KEY SHARE OF webhooks)
     INSERT INTO webhook_deliveries (webhook_id, event_id, event_type, subject, sequence, event, due_at)
     SELECT webhook_id, id, type, subject, sequence, event, greatest(now(), (
       SELECT max(due_at) FROM webhook_deliveries AS earlier
       WHERE earlier.webhook_id = wanted.webhook_id AND earlier.subject = wanted.subject AND earlier.state = 'waiting'))
     FROM wanted ORDER BY nth
     ON CONFLICT (webhook_id, event_id) DO NOTHING`,
    values: [
      events.map((event) => JSON.stringify(event)),
      events.map(({ id }) => id),
      events.map(({ type }) => type),
      events.map(({ subject }) => subject),
      events.map(({ sequence = '' }) => sequence),
    ],
  })
  return rowCount ?? 0
}

/** A delivery that is to be attempted, with what is needed for it. */
export interface ClaimedDelivery {
  id: number
  webhookId: number
  event: CloudEvent
  /** Which attempt this is, from 1 on. One that ended with its process counts. */
  attempt: number
  /** Who has the latest may settle the delivery. */
  claim: number
  firstFailedAt: Date | null
  failingSince: Date | null
  url: string
  secret: string
  previousSecret: string | null
}

interface Claiming {
  /** How many deliveries to each webhook are under way in this instance. */
  busy: ReadonlyMap<number, number>
  /** How many may be. */
  concurrency: number
  /** For how long a delivery is left to this instance. */
  leaseMs: number
}

/**
 * Takes deliveries to be attempted, for as long as the lease: of each webhook as many as it has room for, and of each of its
 * subjects the first that waits. So any number of instances keep the order of each subject.
 */
export async function claimDeliveries(
  db: Queryable,
  { busy, concurrency, leaseMs }: Claiming,
): Promise<ClaimedDelivery[]> {
  const { rows } = await db.query<ClaimedDelivery>({
    name: 'claim_webhook_deliveries',
    text: `WITH due AS MATERIALIZED (
       SELECT head.id, webhooks.url, webhooks.secret, webhooks.failing_since,
         CASE WHEN webhooks.previous_until > now() THEN webhooks.previous_secret END AS previous_secret
       FROM webhooks
       LEFT JOIN unnest($1::bigint[], $2::int[]) AS busy(webhook_id, count) ON busy.webhook_id = webhooks.id
       CROSS JOIN LATERAL (
         SELECT id FROM webhook_deliveries AS each
         WHERE webhook_id = webhooks.id AND state = 'waiting' AND due_at <= now()
           AND (leased_until IS NULL OR leased_until <= now())
           AND id = (SELECT first.id FROM webhook_deliveries AS first
             WHERE first.webhook_id = webhooks.id AND first.subject = each.subject AND first.state = 'waiting'
             ORDER BY first.sequence, first.id LIMIT 1)
         ORDER BY due_at LIMIT greatest(0, $3 - coalesce(busy.count, 0)) FOR UPDATE SKIP LOCKED) AS head
       WHERE webhooks.enabled)
     UPDATE webhook_deliveries SET leased_until = clock_timestamp() + $4 * interval '1 ms', attempts = attempts + 1,
       claims = claims + 1
     FROM due WHERE webhook_deliveries.id = due.id
     RETURNING webhook_deliveries.id, webhook_id AS "webhookId", event, attempts AS attempt, claims AS claim,
       first_failed_at AS "firstFailedAt", due.failing_since AS "failingSince", due.url, due.secret,
       due.previous_secret AS "previousSecret"`,
    values: [[...busy.keys()], [...busy.values()], concurrency, leaseMs],
  })
  return rows
}

interface Settled {
  delivery: Pick<ClaimedDelivery, 'id' | 'claim' | 'attempt'>
  at: Date
  result: AttemptResult
  step: NextStep
  /** A webhook that succeeded since is not switched off for failing so long. */
  offAfterMs: number
}

/** What became of a webhook when one of its deliveries was settled. */
export interface Settlement {
  /** Whether this instance still had the delivery: if not, nothing was written. */
  held: boolean
  /** Whether the webhook was switched off by it. */
  switchedOff: boolean
}

const successNotedEverySeconds = 10

/**
 * Writes the result of an attempt, in one statement: the delivery, the log of attempts, and the state of the webhook. Later events
 * of the subject become due with the delivery. Of failures that are written at the same time the first is `failing_since`: by
 * that a delivery knows whether others succeeded since its own first failure.
 */
export async function settleDelivery(
  db: Queryable,
  { delivery, at, result, step, offAfterMs }: Settled,
): Promise<Settlement> {
  const state: DeliveryState = step.is === 'delivered' || step.is === 'failed' ? step.is : 'waiting'
  const off: OffReason | null = step.is === 'off' ? step.reason : null
  const { rows } = await db.query<{ off: boolean | null }>({
    name: 'settle_webhook_delivery',
    text: `WITH held AS (
       UPDATE webhook_deliveries SET state = $3, leased_until = NULL,
         settled_at = CASE WHEN $3 <> 'waiting' THEN now() END,
         due_at = CASE WHEN $3 = 'waiting' THEN clock_timestamp() + $4 * interval '1 ms' ELSE due_at END,
         first_failed_at = CASE WHEN $3 = 'delivered' THEN first_failed_at ELSE coalesce(first_failed_at, now()) END
       WHERE id = $1 AND claims = $2 AND state = 'waiting'
       RETURNING id, webhook_id, subject, state, due_at),
     followers AS (
       UPDATE webhook_deliveries SET due_at = held.due_at FROM held
       WHERE held.state = 'waiting' AND webhook_deliveries.webhook_id = held.webhook_id
         AND webhook_deliveries.subject = held.subject AND webhook_deliveries.state = 'waiting'
         AND webhook_deliveries.id <> held.id AND webhook_deliveries.due_at < held.due_at),
     logged AS (
       INSERT INTO webhook_attempts (webhook_id, delivery_id, nth, at, duration_ms, status, answer, error)
       SELECT webhook_id, id, $5, $6, $7, $8, $9, $10 FROM held),
     noted AS (
       UPDATE webhooks SET
         last_success_at = CASE WHEN held.state = 'delivered' THEN now() ELSE last_success_at END,
         failing_since = CASE WHEN held.state <> 'delivered' THEN least(failing_since, now()) END,
         enabled = $11::text IS NULL, off_reason = $11, off_at = CASE WHEN $11 IS NOT NULL THEN now() END,
         version = version + CASE WHEN $11 IS NOT NULL THEN 1 ELSE 0 END
       FROM held WHERE webhooks.id = held.webhook_id AND enabled AND CASE
         WHEN held.state = 'delivered' THEN failing_since IS NOT NULL OR last_success_at IS NULL
           OR last_success_at < now() - $12 * interval '1 s'
         WHEN $11 = 'gone' THEN true
         WHEN $11 = 'failing' THEN failing_since <= now() - $13 * interval '1 ms'
         ELSE failing_since IS NULL OR failing_since > now() END
       RETURNING NOT enabled AS off)
     SELECT (SELECT off FROM noted) AS off FROM held`,
    values: [
      delivery.id,
      delivery.claim,
      state,
      'pauseMs' in step ? step.pauseMs : 0,
      delivery.attempt,
      at,
      result.durationMs,
      result.status ?? null,
      result.answer ?? null,
      result.error ?? null,
      off,
      successNotedEverySeconds,
      offAfterMs,
    ],
  })
  return { held: rows.length > 0, switchedOff: rows[0]?.off ?? false }
}

/** Gives a delivery back that was not made, since the process ends: it is due at once, and the attempt does not count. */
export async function giveBack(db: Queryable, { id, claim }: ClaimedDelivery): Promise<void> {
  await db.query(
    `UPDATE webhook_deliveries SET leased_until = NULL, attempts = attempts - 1
     WHERE id = $1 AND claims = $2 AND state = 'waiting'`,
    [id, claim],
  )
}

/**
 * Deletes what is no longer kept, a few thousand rows at a time: deliveries that were settled, the log, and what waits for a
 * webhook that is switched off.
 *
 * @returns how many rows, besides what went with them
 */
export async function sweepDeliveries(db: Queryable, retentionMs: number): Promise<number> {
  const { rows } = await db.query<{ swept: number }>(
    `WITH old AS (SELECT now() - $1 * interval '1 ms' AS than),
     settled AS (DELETE FROM webhook_deliveries WHERE id IN (
       SELECT id FROM webhook_deliveries WHERE settled_at < (SELECT than FROM old)
       ORDER BY settled_at LIMIT 2000 FOR UPDATE SKIP LOCKED) RETURNING 1),
     unwanted AS (DELETE FROM webhook_deliveries WHERE id IN (
       SELECT each.id FROM webhooks JOIN webhook_deliveries AS each ON each.webhook_id = webhooks.id
       WHERE NOT webhooks.enabled AND each.state = 'waiting' AND each.created_at < (SELECT than FROM old)
       LIMIT 2000 FOR UPDATE OF each SKIP LOCKED) RETURNING 1),
     logged AS (DELETE FROM webhook_attempts WHERE id IN (
       SELECT id FROM webhook_attempts WHERE at < (SELECT than FROM old) ORDER BY at LIMIT 2000 FOR UPDATE SKIP LOCKED)
       RETURNING 1)
     SELECT (SELECT count(*) FROM settled) + (SELECT count(*) FROM unwanted) + (SELECT count(*) FROM logged) AS swept`,
    [retentionMs],
  )
  return Number(rows[0]!.swept)
}

/** How many deliveries wait for webhooks that are on, for how long the oldest has, and how many webhooks failed and were switched off. */
export async function deliveryBacklog(
  db: Queryable,
): Promise<{ waiting: number; oldestSeconds: number; switchedOff: number }> {
  const { rows } = await db.query<{ waiting: number; oldestSeconds: number; switchedOff: number }>(
    `SELECT count(*)::int AS waiting,
       coalesce(greatest(0, extract(epoch FROM now() - min(each.created_at))), 0)::float8 AS "oldestSeconds",
       (SELECT count(*)::int FROM webhooks WHERE NOT enabled AND off_reason <> 'requested') AS "switchedOff"
     FROM webhook_deliveries AS each JOIN webhooks ON webhooks.id = each.webhook_id
     WHERE each.state = 'waiting' AND webhooks.enabled`,
  )
  return rows[0]!
}

/** A webhook that was switched off for failing, or that deliveries wait for. */
export interface WebhookBacklog {
  id: number
  /** Null if it is on. */
  offReason: 'failing' | 'gone' | null
  waiting: number
  /** For how long they have failed, or have been due; 0 if none waits. */
  waitingSeconds: number
}

/** Those, by their ids. One that was switched off because somebody asked for it is not among them. */
export async function webhookBacklogs(db: Queryable): Promise<WebhookBacklog[]> {
  const { rows } = await db.query<WebhookBacklog>(
    `SELECT id, off_reason AS "offReason", coalesce(waiting, 0) AS waiting,
       coalesce(greatest(0, extract(epoch FROM now() - since)), 0)::float8 AS "waitingSeconds"
     FROM webhooks LEFT JOIN (
       SELECT webhook_id, count(*)::int AS waiting, min(coalesce(first_failed_at, due_at)) AS since
       FROM webhook_deliveries WHERE state = 'waiting' GROUP BY webhook_id) AS backlog ON webhook_id = id
     WHERE CASE WHEN enabled THEN waiting > 0 ELSE off_reason <> 'requested' END ORDER BY id`,
  )
  return rows
}
