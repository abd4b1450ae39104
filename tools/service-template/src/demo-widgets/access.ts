import { may, type AccessTable } from '@ordinal/http'

const read = ['users:read']
const write = ['users:write']

/** Who may do what with demo widgets, where authentication is required. */
export const demoWidgetAccess: AccessTable = {
  'GET /api/v1/demo-widgets': may('viewer', read),
  'POST /api/v1/demo-widgets': may('operator', write),
  'GET /api/v1/demo-widgets/{id}': may('viewer', read),
  'PATCH /api/v1/demo-widgets/{id}': may('operator', write),
  'DELETE /api/v1/demo-widgets/{id}': may('admin'),
}
