import { AppError as BaseError, defineErrors, webhookErrors, type CodeOf } from '@ordinal/errors'

const errorTable = defineErrors(webhookErrors)

export type WebhookErrorCode = CodeOf<typeof errorTable>

/** An error that the caller gets. A service with webhooks has their errors in its own table, too. */
export class AppError extends BaseError<WebhookErrorCode> {
  static override readonly table = errorTable
}
