import { may, mayOwn, type AccessTable } from '@ordinal/http'

const read = ['users:read']
const write = ['users:write']

/** Who may do what here, where authentication is required. */
export const userAccess: AccessTable = {
  'GET /api/v1/users': may('viewer', read),
  'POST /api/v1/users': may('operator', write),
  'GET /api/v1/users:batchGet': may('viewer', read),
  'GET /api/v1/users/{id}': mayOwn('viewer', read),
  'PUT /api/v1/users/{id}': mayOwn('operator', write),
  'PATCH /api/v1/users/{id}': mayOwn('operator', write),
  'DELETE /api/v1/users/{id}': may('admin'),
}
