import type { Queryable } from '@ordinal/database'

/** Who gets events, as its row has it; secrets are sealed. */
export interface WebhookRow {
  id: number
  url: string
  eventTypes: string[]
  description: string
  secret: string
  previousSecret: string | null
  previousUntil: Date | null
  enabled: boolean
  offReason: OffReason | null
  offAt: Date | null
  failingSince: Date | null
  lastSuccessAt: Date | null
  version: number
  createdAt: Date
  updatedAt: Date
  createdBy: string
}

/** Why a webhook is off: somebody has asked for it, its receiver failed for too long, or answered 410. */
export type OffReason = 'requested' | 'failing' | 'gone'

const columns = `id, url, event_types AS "eventTypes", description, secret, previous_secret AS "previousSecret",
  previous_until AS "previousUntil", enabled, off_reason AS "offReason", off_at AS "offAt",
  failing_since AS "failingSince", last_success_at AS "lastSuccessAt", version, created_at AS "createdAt",
  updated_at AS "updatedAt", created_by AS "createdBy"`

/** That there is a webhook: for a statement that writes an event, which somebody wants then. */
export const anyWebhook = 'EXISTS (SELECT FROM webhooks)'

export async function countWebhooks(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>('SELECT count(*)::int AS count FROM webhooks')
  return rows[0]!.count
}

/** In the order of their ids. */
export async function listWebhooks(
  db: Queryable,
  { after, take }: { after: number; take: number },
): Promise<WebhookRow[]> {
  const { rows } = await db.query<WebhookRow>(
    `SELECT ${columns} FROM webhooks WHERE id > $1 ORDER BY id LIMIT $2`,
    [after, take],
  )
  return rows
}

/** @param lock for the transaction, so that nobody changes it meanwhile */
export async function findWebhook(db: Queryable, id: number, lock = false): Promise<WebhookRow | undefined> {
  const { rows } = await db.query<WebhookRow>(
    `SELECT ${columns} FROM webhooks WHERE id = $1${lock ? ' FOR UPDATE' : ''}`,
    [id],
  )
  return rows[0]
}

export interface NewWebhook {
  url: string
  eventTypes: readonly string[]
  description: string
  enabled: boolean
  secret: string
  createdBy: string
}

/**
 * Makes a webhook; undefined if there are as many as there may be. One at a time does, so that the count holds.
 *
 * @param tx a transaction
 */
export async function insertWebhook(
  tx: Queryable,
  { url, eventTypes, description, enabled, secret, createdBy }: NewWebhook,
  most: number,
): Promise<WebhookRow | undefined> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('webhooks'))`)
  if ((await countWebhooks(tx)) >= most) return undefined
  const { rows } = await tx.query<WebhookRow>(
    `INSERT INTO webhooks (url, event_types, description, enabled, off_reason, off_at, secret, created_by)
     VALUES ($1, $2, $3, $4, CASE WHEN NOT $4 THEN 'requested' END, CASE WHEN NOT $4 THEN now() END, $5, $6)
     RETURNING ${columns}`,
    [url, eventTypes, description, enabled, secret, createdBy],
  )
  return rows[0]!
}

/** What of a webhook is changed; undefined stays as it is. */
export interface WebhookChange {
  url?: string | undefined
  eventTypes?: readonly string[] | undefined
  description?: string | undefined
  enabled?: boolean | undefined
}

/** Changes a webhook that is locked. One that is switched on begins anew: what waits for it is due at once. */
export async function updateWebhook(
  tx: Queryable,
  id: number,
  { url, eventTypes, description, enabled }: WebhookChange,
): Promise<WebhookRow> {
  const { rows } = await tx.query<WebhookRow>(
    `UPDATE webhooks SET url = coalesce($2, url), event_types = coalesce($3, event_types),
       description = coalesce($4, description), enabled = coalesce($5, enabled),
       off_reason = CASE WHEN coalesce($5, enabled) THEN NULL ELSE coalesce(off_reason, 'requested') END,
       off_at = CASE WHEN coalesce($5, enabled) THEN NULL ELSE coalesce(off_at, now()) END,
       failing_since = CASE WHEN $5 AND NOT enabled THEN NULL ELSE failing_since END,
       version = version + 1, updated_at = now()
     WHERE id = $1 RETURNING ${columns}`,
    [id, url, eventTypes, description, enabled],
  )
  if (enabled)
    await tx.query(
      `UPDATE webhook_deliveries SET due_at = now(), attempts = 0, first_failed_at = NULL
       WHERE webhook_id = $1 AND state = 'waiting' AND (attempts > 0 OR due_at > now())`,
      [id],
    )
  return rows[0]!
}

/** Gives a webhook that is locked another secret; the one that it has signs too, for so long. */
export async function replaceSecret(
  tx: Queryable,
  id: number,
  secret: string,
  overlapSeconds: number,
): Promise<WebhookRow> {
  const { rows } = await tx.query<WebhookRow>(
    `UPDATE webhooks SET previous_secret = secret, previous_until = now() + $3 * interval '1 s', secret = $2,
       version = version + 1, updated_at = now()
     WHERE id = $1 RETURNING ${columns}`,
    [id, secret, overlapSeconds],
  )
  return rows[0]!
}

/** Deletes a webhook with all that it has; one in the versions that the caller knows. */
export async function deleteWebhook(db: Queryable, id: number): Promise<boolean> {
  const { rowCount } = await db.query('DELETE FROM webhooks WHERE id = $1', [id])
  return rowCount === 1
}
