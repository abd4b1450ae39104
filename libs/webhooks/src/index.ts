export { webhookAccess } from './access'
export { webhookVariables, type WebhookSettings } from './variables'
export { anyWebhook } from './webhook-queries'
export { createWebhooks } from './webhooks'
