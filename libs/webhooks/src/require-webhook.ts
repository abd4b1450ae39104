import type { Queryable } from '@ordinal/database'
import { AppError } from './errors'
import { findWebhook, type WebhookRow } from './webhook-queries'

/**
 * @param how `to change`: it is locked for the transaction, so that nobody else changes it meanwhile
 * @throws AppError `webhook_not_found`
 */
export async function requireWebhook(
  db: Queryable,
  id: number,
  how: 'to read' | 'to change' = 'to read',
): Promise<WebhookRow> {
  const webhook = await findWebhook(db, id, how === 'to change')
  if (!webhook) throw new AppError('webhook_not_found', `There is no webhook ${id}`)
  return webhook
}
