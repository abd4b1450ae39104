import { mayOwn, type AccessTable } from '@ordinal/http'

const toRead = mayOwn('viewer', ['orders:read'])
const toWrite = mayOwn('operator', ['orders:write'])

/** Who may do what here, where authentication is required. */
export const orderAccess: AccessTable = {
  'GET /api/v1/orders': toRead,
  'POST /api/v1/orders': toWrite,
  'GET /api/v1/orders/{id}': toRead,
  'GET /api/v1/orders/by-number/{number}': toRead,
  'PUT /api/v1/orders/{id}': toWrite,
  'PATCH /api/v1/orders/{id}': toWrite,
  'DELETE /api/v1/orders/{id}': toWrite,
  'orders.OrderService/CreateOrder': toWrite,
  'orders.OrderService/GetOrder': toRead,
  'orders.OrderService/GetOrderByNumber': toRead,
  'orders.OrderService/ListOrders': toRead,
  'orders.OrderService/UpdateOrder': toWrite,
  'orders.OrderService/DeleteOrder': toWrite,
}
