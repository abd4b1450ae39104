import { may, type AccessTable } from '@ordinal/http'

const admin = may('admin')

/** The rows of a service's table for its webhooks. */
export const webhookAccess: AccessTable = {
  'GET /api/v1/webhooks': admin,
  'POST /api/v1/webhooks': admin,
  'GET /api/v1/webhooks/{id}': admin,
  'PATCH /api/v1/webhooks/{id}': admin,
  'DELETE /api/v1/webhooks/{id}': admin,
  'POST /api/v1/webhooks/{id}/rotate': admin,
  'POST /api/v1/webhooks/{id}/test': admin,
  'POST /api/v1/webhooks/{id}/replay': admin,
  'GET /api/v1/webhooks/{id}/deliveries': admin,
  'GET /api/v1/webhooks/{id}/deliveries/{delivery_id}': admin,
  'POST /api/v1/webhooks/{id}/deliveries/{delivery_id}/replay': admin,
  'GET /api/v1/webhooks/{id}/attempts': admin,
}
