import { callersOf, hostileCallers, type TestCallers } from '@ordinal/testing'
import { orderAccess } from '../src/access'
import { createOrderClient, outcomeOf, serviceName, type OrderClient } from './order-client'
import { failing } from './stub'
import { anOrder, createWorld, until, type Instance, type World } from './world'

let world: World
let service: Instance
let client: OrderClient
let callers: TestCallers
const scopes = [
  'orders:read',
  'orders:write',
  'diagnostics:read',
  'users:read+users:write+numbers:issue+numbers:read+audit:read',
]

beforeAll(async () => {
  callers = await callersOf(scopes)
  world = await createWorld()
  service = await world.startService(callers.env)
  client = createOrderClient(service)
})
afterAll(async () => {
  client.close()
  await world.end()
})
beforeEach(() => {
  for (const stub of [world.userService, world.sequencer]) stub.mood = { is: 'well' }
})

type Headers = Record<string, string>
interface Placed {
  id: number
  order_number: string
}

const create = async (user_id = 1) =>
  (await service.api.post('/api/v1/orders', { ...anOrder, user_id }, { headers: callers.operator }))
    .body as Placed

/** How each operation is called for an order, and what it needs: viewers read, operators also write. */
const rest: Record<string, 'orders:read' | 'orders:write'> = {
  'GET /api/v1/orders': 'orders:read',
  'POST /api/v1/orders': 'orders:write',
  'GET /api/v1/orders/{id}': 'orders:read',
  'GET /api/v1/orders/by-number/{number}': 'orders:read',
  'PUT /api/v1/orders/{id}': 'orders:write',
  'PATCH /api/v1/orders/{id}': 'orders:write',
  'DELETE /api/v1/orders/{id}': 'orders:write',
}
/** Of administrators, and the scope of a key that is enough, if one is. */
const administration: Record<string, string | undefined> = {
  'GET /api/v1/diagnostics': 'diagnostics:read',
}
const adminOperations = [
  'GET /api/v1/events',
  'GET /api/v1/events/backlog',
  'GET /api/v1/events/dead-letters',
  'POST /api/v1/events/dead-letters/replay',
  'GET /api/v1/webhooks',
  'POST /api/v1/webhooks',
  'GET /api/v1/webhooks/{id}',
  'PATCH /api/v1/webhooks/{id}',
  'DELETE /api/v1/webhooks/{id}',
  'POST /api/v1/webhooks/{id}/rotate',
  'POST /api/v1/webhooks/{id}/test',
  'POST /api/v1/webhooks/{id}/replay',
  'GET /api/v1/webhooks/{id}/deliveries',
  'GET /api/v1/webhooks/{id}/deliveries/{delivery_id}',
  'POST /api/v1/webhooks/{id}/deliveries/{delivery_id}/replay',
  'GET /api/v1/webhooks/{id}/attempts',
]
const grpc: Record<string, 'orders:read' | 'orders:write'> = {
  CreateOrder: 'orders:write',
  GetOrder: 'orders:read',
  GetOrderByNumber: 'orders:read',
  ListOrders: 'orders:read',
  UpdateOrder: 'orders:write',
  DeleteOrder: 'orders:write',
}

async function callRest(operation: string, order: Placed, headers: Headers): Promise<number> {
  const [method = '', path = ''] = operation.split(' ')
  const body = { POST: anOrder, PUT: { status: 'confirmed' }, PATCH: { status: 'confirmed' } }[method]
  const { status } = await service.api.request({
    method,
    path: path.replace('{id}', String(order.id)).replace('{number}', order.order_number),
    headers,
    ...(body && { body }),
  })
  return status
}

async function callGrpc(method: string, { id, order_number }: Placed, headers: Headers): Promise<string> {
  const message = {
    CreateOrder: anOrder,
    GetOrderByNumber: { order_number },
    ListOrders: {},
    UpdateOrder: { id, status: 'confirmed' },
  }[method] ?? { id }
  const metadata = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
  return (await client.call(method, message, { metadata })).code
}

const statusOf: Record<string, number> = {
  OK: 200,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  FAILED_PRECONDITION: 422,
  INVALID_ARGUMENT: 422,
}
const operations = [
  ...Object.entries(rest).map(([name, scope]) => [name, scope, callRest] as const),
  ...Object.entries(grpc).map(
    ([name, scope]) =>
      [
        `${serviceName}/${name}`,
        scope,
        async (_: string, order: Placed, headers: Headers) => statusOf[await callGrpc(name, order, headers)]!,
      ] as const,
  ),
]

test('each route and each method that is served is in the table, and nothing else', () => {
  const { paths } = service.openApi as unknown as {
    paths: Record<string, Record<string, { tags: string[] }>>
  }
  const served = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, { tags }]) =>
      tags.some((tag) => ['orders', 'events', 'webhooks'].includes(tag))
        ? [`${method.toUpperCase()} ${path}`]
        : [],
    ),
  )
  expect(served.sort()).toEqual([...Object.keys(rest), ...adminOperations].sort())
  const table = [...operations.map(([name]) => name), ...Object.keys(administration), ...adminOperations]
  expect(Object.keys(orderAccess).sort()).toEqual(table.sort())
})

test.each(Object.entries(administration))(
  '%s: administrators, and a key with its scope, and nobody else',
  async (operation, scope) => {
    const [method = '', path = ''] = operation.split(' ')
    const cases: [string, Headers, number][] = [
      ['nobody', callers.nobody, 401],
      ...Object.entries({
        'no role': callers.noRole,
        viewer: callers.viewer,
        operator: callers.operator,
        'a key': callers.machine,
        'a customer': await callers.customer(1),
      }).map(([who, headers]): [string, Headers, number] => [who, headers, 403]),
      ...scopes.map((of): [string, Headers, number] => [
        of,
        callers.withScopes(of),
        of === scope ? 200 : 403,
      ]),
      ['admin', callers.admin, 200],
    ]
    for (const [who, headers, status] of cases)
      expect([who, (await service.api.request({ method, path, headers })).status]).toEqual([who, status])
  },
)

test('whose data an order is answered with, and who was refused, is an event, over REST and gRPC', async () => {
  const order = await create()
  const eventsOf = async (headers: Headers, call: (sent: Headers) => Promise<unknown>) => {
    const requestId = `event-${Math.random()}`
    await call({ ...headers, 'X-Request-Id': requestId })
    const line = await until(() => service.log.of('request').find((entry) => entry.request_id === requestId))
    const { event, caller, user_ids: userIds } = line as Record<string, unknown> & { event?: Headers }
    return [event?.action, event?.outcome, event?.code, caller, userIds]
  }
  for (const call of [
    (sent: Headers) => callRest('GET /api/v1/orders/{id}', order, sent),
    (sent: Headers) => callGrpc('GetOrder', order, sent),
  ]) {
    expect(await eventsOf(callers.viewer, call)).toEqual([
      'read-personal-data',
      'success',
      undefined,
      'vera',
      [1],
    ])
    expect(await eventsOf({}, call)).toEqual([
      'sign-in',
      'failure',
      'authentication_required',
      'anonymous',
      undefined,
    ])
    expect(await eventsOf(callers.noRole, call)).toEqual([
      'authorize',
      'failure',
      'role_too_low',
      'nora',
      undefined,
    ])
  }
})

test.each(operations)('%s: by each role, each scope, and nobody', async (name, scope, call) => {
  const reads = scope === 'orders:read'
  const isList = /GET \/api\/v1\/orders$|ListOrders/.test(name)
  const places = /POST|CreateOrder/.test(name)
  const changes = /PUT|PATCH|UpdateOrder/.test(name)
  const deletes = /DELETE|DeleteOrder/.test(name)
  const cases: [string, Headers, number | undefined][] = [
    ['nobody', callers.nobody, 401],
    ['no role', callers.noRole, 403],
    ['viewer', callers.viewer, reads ? undefined : 403],
    ['operator', callers.operator, undefined],
    ['admin', callers.admin, undefined],
    ['a key', callers.machine, undefined],
    ...scopes.map((of): [string, Headers, number | undefined] => [
      of,
      callers.withScopes(of),
      of === scope ? undefined : 403,
    ]),
    // What the call asks for is a step, and no cancellation.
    ['themselves', await callers.customer(1), changes || deletes ? 403 : undefined],
    ['another customer', await callers.customer(2), isList ? undefined : places ? 422 : deletes ? 403 : 404],
    ['a customer without a user', await callers.customer(undefined), 403],
  ]
  for (const [who, headers, refused] of cases) {
    const status = await call(name, await create(), headers)
    if (refused) expect([who, status]).toEqual([who, refused])
    else expect([who, Math.floor(status / 100)]).toEqual([who, 2])
  }
})

test('events and webhooks are for administrators: nobody else, whatever scopes a key has', async () => {
  const others: [string, Headers, number][] = [
    ['nobody', callers.nobody, 401],
    ['no role', callers.noRole, 403],
    ['viewer', callers.viewer, 403],
    ['operator', callers.operator, 403],
    ['a key', callers.machine, 403],
    ['a customer', await callers.customer(1), 403],
    ...scopes.map((of): [string, Headers, number] => [of, callers.withScopes(of), 403]),
  ]
  for (const operation of adminOperations) {
    const [method = '', template = ''] = operation.split(' ')
    const path = template.replace(/\{\w+\}/g, '9')
    for (const [who, headers, refused] of others) {
      const { status } = await service.api.request({ method, path, headers })
      expect([operation, who, status]).toEqual([operation, who, refused])
    }
    const { status } = await service.api.request({ method, path, headers: callers.admin })
    expect([operation, [200, 400, 404, 415, 422].includes(status)]).toEqual([operation, true])
  }
})

test('a customer may cancel an order of its own, and take it nowhere else, over REST and gRPC', async () => {
  const headers = await callers.customer(1)
  const metadata = { authorization: headers.Authorization! }
  const { id } = await create()
  for (const status of ['pending', 'confirmed', 'shipped', 'delivered']) {
    const answer = await service.api.patch(`/api/v1/orders/${id}`, { status }, { headers })
    expect([answer.status, answer.body.code, answer.headers.get('www-authenticate')]).toEqual([
      403,
      'role_too_low',
      'Bearer realm="ordinal", error="insufficient_scope"',
    ])
    const called = await client.call('UpdateOrder', { id, status }, { metadata })
    expect(outcomeOf(called)).toEqual(['PERMISSION_DENIED', 'role_too_low'])
  }
  const cancelled = await service.api.patch(`/api/v1/orders/${id}`, { status: 'cancelled' }, { headers })
  expect([cancelled.status, cancelled.body.status]).toEqual([200, 'cancelled'])
  const second = await create()
  const called = await client.call('UpdateOrder', { id: second.id, status: 'cancelled' }, { metadata })
  expect(called.code).toBe('OK')
  const others = await create(3)
  const hidden = await service.api.patch(`/api/v1/orders/${others.id}`, { status: 'cancelled' }, { headers })
  expect(hidden.status).toBe(404)
})

test.each([
  ['POST /api/v1/orders', 'CreateOrder'],
  ['GET /api/v1/orders/{id}', 'GetOrder'],
  ['GET /api/v1/orders/by-number/{number}', 'GetOrderByNumber'],
  ['GET /api/v1/orders', 'ListOrders'],
  ['PATCH /api/v1/orders/{id}', 'UpdateOrder'],
  ['PUT /api/v1/orders/{id}', 'UpdateOrder'],
  ['DELETE /api/v1/orders/{id}', 'DeleteOrder'],
])('%s and %s ask the same of their callers', (route, method) => {
  expect(orderAccess[`${serviceName}/${method}`]).toEqual(orderAccess[route])
})

test('what is wrong is 401 on every operation', async () => {
  const order = await create()
  for (const [what, headers] of Object.entries(await hostileCallers()))
    await Promise.all(
      operations.map(async ([name, , call]) =>
        expect([what, name, await call(name, order, headers)]).toEqual([what, name, 401]),
      ),
    )
})

test('a customer lists their own orders, whatever is asked for, by page and by cursor', async () => {
  for (const user of [2, 3, 2, 3]) await create(user)
  const headers = await callers.customer(2)
  const idsOf = async (query: string) => {
    const { body } = await service.api.get(`/api/v1/orders?${query}`, { headers })
    return [...new Set((body.data as { user_id: number }[]).map(({ user_id }) => user_id))]
  }
  expect(await idsOf('')).toEqual([2])
  expect(await idsOf('user_id=2')).toEqual([2])
  expect(await idsOf('user_id=3')).toEqual([])
  const { body: first } = await service.api.get('/api/v1/orders?page_size=1', { headers })
  expect(first.pagination).toMatchObject({ total: 2 })
  expect(await idsOf(`page_size=1&cursor=${first.pagination.next_cursor}`)).toEqual([2])
  const { body } = await client.call(
    'ListOrders',
    { user_id: 3 },
    {
      metadata: { authorization: headers.Authorization! },
    },
  )
  expect(body.orders).toEqual([])
})

test('keys of requests belong to their caller, who gets the same answer again', async () => {
  const place = (headers: Headers, total_price: number) =>
    service.api.post(
      '/api/v1/orders',
      { ...anOrder, total_price },
      {
        headers: { ...headers, 'Idempotency-Key': 'the-same' },
      },
    )
  const one = await place(callers.operator, 1)
  const other = await place(callers.machine, 2)
  expect([one.status, other.status]).toEqual([201, 201])
  expect(other.body.id).not.toBe(one.body.id)
  expect((await place(callers.operator, 1)).body).toEqual(one.body)
})

test('over gRPC, health and reflection ask nobody', async () => {
  const { code, trailers } = await client.call('GetOrder', { id: 1 })
  expect([code, trailers['ordinal-error-code']]).toEqual(['UNAUTHENTICATED', 'authentication_required'])
  expect(
    outcomeOf(
      await client.call(
        'GetOrder',
        { id: 999_999 },
        { metadata: { authorization: callers.viewer.Authorization! } },
      ),
    ),
  ).toEqual(['NOT_FOUND', 'order_not_found'])
})

test.each([401, 403])(
  'a dependency that answers %i is a fault of our configuration: logged as that, and asked once',
  async (status) => {
    // One of its own: its circuit breakers and its memory of users know nothing yet.
    const fresh = await world.startService(callers.env)
    world.userService.mood = failing(status, 'invalid_api_key')
    world.userService.seen.length = 0
    const placed = await fresh.api.post('/api/v1/orders', anOrder, { headers: callers.operator })
    expect([placed.status, placed.body.code]).toEqual([503, 'user_service_refuses'])
    expect(world.userService.seen).toHaveLength(1)
    await until(() => JSON.stringify(fresh.log.entries).includes('look at ORDER_SERVICE_API_KEY'))
    expect(await fresh.metric('order_service_circuit_breaker_state{service="user-service"}')).toBe(0)
    await fresh.stop()
  },
)

test('a key that is limited to orders reads no users by way of them', async () => {
  const order = await create()
  const read = async (headers: Headers) =>
    (await service.api.get(`/api/v1/orders/${order.id}`, { headers })).body.user as unknown
  expect(await read(callers.withScopes('orders:read'))).toBeNull()
  expect(await read(callers.machine)).toMatchObject({ id: 1 })
})
