import type { ErrorTable } from './table'

/** The errors of a service that has webhooks (libs/webhooks), for its own table. */
export const webhookErrors = {
  webhook_not_found: {
    status: 404,
    title: 'There is no such webhook',
    cause: 'No webhook has this id, or it was deleted.',
    remedy: 'Look it up with GET /api/v1/webhooks.',
    example: 'There is no webhook 7',
  },
  webhook_delivery_not_found: {
    status: 404,
    title: 'There is no such delivery',
    cause:
      'The webhook has no delivery with this id, or it was settled so long ago that it is no longer kept.',
    remedy: 'Look it up with GET /api/v1/webhooks/{id}/deliveries.',
    example: 'Webhook 7 has no delivery 12',
  },
  webhook_off: {
    status: 409,
    title: 'The webhook is switched off',
    cause:
      'Nothing is delivered to it: somebody has switched it off, or its receiver failed for too long or answered 410.',
    remedy:
      'Mend the receiver, switch the webhook on with PATCH {"enabled": true}, and send the request again.',
    example: 'Webhook 7 is switched off',
  },
  too_many_webhooks: {
    status: 409,
    title: 'There are as many webhooks as there may be',
    cause: 'Each webhook has its own deliveries and connections, so their number is bounded.',
    remedy: 'Delete one that is of no use any more. Operators raise the bound (WEBHOOK_MAX of the service).',
    example: 'There are 100 webhooks',
  },
} as const satisfies ErrorTable
