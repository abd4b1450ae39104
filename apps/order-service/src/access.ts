import { may, mayOwn, type AccessTable } from '@ordinal/http'
import { webhookAccess } from '@ordinal/webhooks'

const toRead = mayOwn('viewer', ['orders:read'])
const toPlace = mayOwn('operator', ['orders:write'])
const toChange = mayOwn('operator', ['orders:write'], 'to cancel')
const toDelete = may('operator', ['orders:write'])
const admin = may('admin')

/** Who may do what here, where authentication is required. */
export const orderAccess: AccessTable = {
  'GET /api/v1/orders': toRead,
  'POST /api/v1/orders': toPlace,
  'GET /api/v1/orders/{id}': toRead,
  'GET /api/v1/orders/by-number/{number}': toRead,
  'PUT /api/v1/orders/{id}': toChange,
  'PATCH /api/v1/orders/{id}': toChange,
  'DELETE /api/v1/orders/{id}': toDelete,
  'GET /api/v1/diagnostics': may('admin', ['diagnostics:read']),
  'GET /api/v1/events': admin,
  'GET /api/v1/events/backlog': admin,
  'GET /api/v1/events/dead-letters': admin,
  'POST /api/v1/events/dead-letters/replay': admin,
  ...webhookAccess,
  'orders.OrderService/CreateOrder': toPlace,
  'orders.OrderService/GetOrder': toRead,
  'orders.OrderService/GetOrderByNumber': toRead,
  'orders.OrderService/ListOrders': toRead,
  'orders.OrderService/UpdateOrder': toChange,
  'orders.OrderService/DeleteOrder': toDelete,
}
