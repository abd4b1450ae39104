import { may, mayOwn, type AccessTable } from '@ordinal/http'

const read = ['users:read']
const write = ['users:write']
const change = mayOwn('operator', write, 'all but `active`')

/** Who may do what here, where authentication is required. */
export const userAccess: AccessTable = {
  // A service that looks up users by id does not need to list all of them.
  'GET /api/v1/users': may('viewer', ['users:list']),
  'POST /api/v1/users': may('operator', write),
  'GET /api/v1/users:batchGet': may('viewer', read),
  'GET /api/v1/users/{id}': mayOwn('viewer', read),
  'PUT /api/v1/users/{id}': change,
  'PATCH /api/v1/users/{id}': change,
  'DELETE /api/v1/users/{id}': may('admin'),
  'GET /api/v1/diagnostics': may('admin', ['diagnostics:read']),
}
