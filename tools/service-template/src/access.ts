import { may, type AccessTable } from '@ordinal/http'
import { demoWidgetAccess } from './demo-widgets/access'

/** Who may do what here, where authentication is required. */
export const sampleServiceAccess: AccessTable = {
  ...demoWidgetAccess,
  'GET /api/v1/diagnostics': may('admin', ['diagnostics:read']),
}
