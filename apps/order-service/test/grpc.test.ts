import { createGrpcClient, protosByReflection } from '@ordinal/testing'
import { orderCursors } from '../src/orders/schemas'
import {
  createOrderClient,
  eventsIn,
  ordersIn,
  outcomeOf,
  serviceName,
  type OrderClient,
} from './order-client'
import { anOrder, createWorld, until, type Instance, type World } from './world'

let world: World
let service: Instance
let client: OrderClient

beforeAll(async () => {
  world = await createWorld()
  service = await world.startService()
  client = createOrderClient(service)
})
afterAll(async () => {
  client.close()
  await world.end()
})
beforeEach(async () => {
  await world.query('TRUNCATE orders, idempotency_records, outbox RESTART IDENTITY CASCADE')
  world.sequencer.issued.clear()
  for (const { seen } of [world.userService, world.sequencer]) seen.length = 0
})

describe('the five calls', () => {
  test('CreateOrder answers the order as REST reads it', async () => {
    const { code, headers, body } = await client.create()
    expect(code).toBe('OK')
    expect(headers['idempotency-replayed']).toBeUndefined()
    expect(body.order).toMatchObject({
      ...anOrder,
      id: 1,
      order_number: 'ORD-1',
      status: 'pending',
      version: 1,
    })
    const read = await service.api.get('/api/v1/orders/1')
    const { user, ...order } = read.body
    expect(body.order).toEqual(order)
    expect(user.id).toBe(1)
  })

  test('an order that is placed while the sequencer is away has an empty number until it returns', async () => {
    await world.sequencer.stop()
    expect((await client.create()).body.order.order_number).toBe('')
    await world.sequencer.restart()
    await until(async () => (await client.call('GetOrder', { id: 1 })).body.order.order_number === 'ORD-1')
  })

  test('GetOrder has the user, or none if the user service does not answer', async () => {
    const { body: placed } = await client.create()
    const { body } = await client.call('GetOrder', { id: 1 })
    expect(body.order).toEqual(placed.order)
    expect(body.user).toMatchObject({ id: 1, email: 'u1@example.com', active: true })
    await world.userService.stop()
    expect((await client.call('GetOrder', { id: 1 })).body).toEqual({ order: placed.order, user: null })
    await world.userService.restart()
  })

  test('ListOrders without a word is the first page, and goes on where REST goes on', async () => {
    for (const user_id of [1, 2, 1, 2, 1]) await client.create({ ...anOrder, user_id })
    const { body } = await client.call('ListOrders')
    const rest = async (query: string) => (await service.api.get(`/api/v1/orders?${query}`)).body
    expect(body.orders).toEqual((await rest('')).data)
    expect(body.pagination).toEqual({ page: 1, page_size: 20, total: 5, total_pages: 1, next_cursor: '' })
    const filter = { user_id: 1, status: 'pending', product_id: anOrder.product_id }
    const first = await client.call('ListOrders', { page_size: 2, ...filter })
    expect(first.body.orders.map(({ id }: { id: number }) => id)).toEqual([1, 3])
    const cursor = first.body.pagination.next_cursor as string
    const query = new URLSearchParams({ ...filter, user_id: '1' }).toString()
    expect(cursor).toBe((await rest(`page_size=2&${query}`)).pagination.next_cursor)
    const second = await client.call('ListOrders', { cursor, ...filter })
    expect(second.body.orders).toEqual((await rest(`cursor=${cursor}&${query}`)).data)
    expect(second.body.orders.map(({ id }: { id: number }) => id)).toEqual([5])
    expect(second.body.pagination).toEqual({ page_size: 20, next_cursor: '' })
    expect((await client.call('ListOrders', { cursor: '0', page_size: 1 })).body.pagination).toEqual({
      page_size: 1,
      next_cursor: expect.any(String),
    })
  })

  test('UpdateOrder takes an order on, if it has the version that the caller knows', async () => {
    await client.create()
    const confirmed = await client.call('UpdateOrder', { id: 1, status: 'confirmed', version: 1 })
    expect(confirmed.body.order).toMatchObject({ status: 'confirmed', version: 2 })
    const late = await client.call('UpdateOrder', { id: 1, status: 'cancelled', version: 1 })
    expect(outcomeOf(late)).toEqual(['ABORTED', 'version_mismatch'])
    const shipped = await client.call('UpdateOrder', { id: 1, status: 'shipped' })
    expect(shipped.body.order).toMatchObject({ status: 'shipped', version: 3 })
  })

  test('DeleteOrder deletes it for REST as well, if it has the version that the caller knows', async () => {
    await client.create()
    expect(outcomeOf(await client.call('DeleteOrder', { id: 1, version: 7 }))).toEqual([
      'ABORTED',
      'version_mismatch',
    ])
    expect(await client.call('DeleteOrder', { id: 1, version: 1 })).toMatchObject({ code: 'OK', body: {} })
    expect((await service.api.get('/api/v1/orders/1')).status).toBe(404)
    expect(outcomeOf(await client.call('DeleteOrder', { id: 1 }))).toEqual(['NOT_FOUND', 'order_not_found'])
  })
})

test.each<[string, string, object, string, string]>([
  ['an unknown user', 'CreateOrder', { user_id: 99 }, 'FAILED_PRECONDITION', 'user_unknown'],
  ['an inactive user', 'CreateOrder', { user_id: 5 }, 'FAILED_PRECONDITION', 'user_inactive'],
  ['no user', 'CreateOrder', { user_id: 0 }, 'INVALID_ARGUMENT', 'validation_failed'],
  [
    'a user beyond 2^53',
    'CreateOrder',
    { user_id: '9007199254740993' },
    'INVALID_ARGUMENT',
    'validation_failed',
  ],
  ['no product', 'CreateOrder', { product_id: ' ' }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['a control character', 'CreateOrder', { product_id: 'a\u0000b' }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['no quantity', 'CreateOrder', { quantity: 0 }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['too many', 'CreateOrder', { quantity: 1_000_001 }, 'INVALID_ARGUMENT', 'validation_failed'],
  [
    'a price that is not set',
    'CreateOrder',
    { total_price: undefined },
    'INVALID_ARGUMENT',
    'validation_failed',
  ],
  ['a negative price', 'CreateOrder', { total_price: -1 }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['three decimals', 'CreateOrder', { total_price: 0.001 }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['a price of no number', 'CreateOrder', { total_price: NaN }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['a price without end', 'CreateOrder', { total_price: Infinity }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['more money than fits', 'CreateOrder', { total_price: 1e10 }, 'INVALID_ARGUMENT', 'validation_failed'],
  [
    'a huge message',
    'CreateOrder',
    { product_id: 'x'.repeat(200_000) },
    'RESOURCE_EXHAUSTED',
    'body_too_large',
  ],
  ['no such order', 'GetOrder', { id: 1 }, 'NOT_FOUND', 'order_not_found'],
  ['no id', 'GetOrder', {}, 'INVALID_ARGUMENT', 'validation_failed'],
  ['an id below zero', 'DeleteOrder', { id: -1 }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['no status', 'UpdateOrder', { id: 1 }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['no such status', 'UpdateOrder', { id: 1, status: 'lost' }, 'INVALID_ARGUMENT', 'validation_failed'],
  [
    'no such version',
    'UpdateOrder',
    { id: 1, status: 'shipped', version: -1 },
    'INVALID_ARGUMENT',
    'validation_failed',
  ],
  ['a page below zero', 'ListOrders', { page: -1 }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['a large page', 'ListOrders', { page_size: 101 }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['no cursor', 'ListOrders', { cursor: 'x' }, 'INVALID_ARGUMENT', 'validation_failed'],
  [
    'a cursor of other filters',
    'ListOrders',
    { cursor: orderCursors.write([1]), user_id: 1 },
    'INVALID_ARGUMENT',
    'validation_failed',
  ],
  ['a cursor and a page', 'ListOrders', { cursor: '0', page: 1 }, 'INVALID_ARGUMENT', 'validation_failed'],
])('%s is refused, and nothing is stored', async (_what, method, changes, ...expected) => {
  const message = method === 'CreateOrder' ? { ...anOrder, ...changes } : changes
  const answer = await client.call(method, message)
  expect(outcomeOf(answer)).toEqual(expected)
  expect(answer.trailers['grpc-status-details-bin']).toBeInstanceOf(Buffer)
  expect([await ordersIn(world), await eventsIn(world)]).toEqual([[], []])
})

test('what may not be, as delivering an order that is not shipped, is FAILED_PRECONDITION', async () => {
  await client.create()
  const answer = await client.call('UpdateOrder', { id: 1, status: 'delivered' })
  expect(outcomeOf(answer)).toEqual(['FAILED_PRECONDITION', 'illegal_transition'])
  expect(answer.body).toBe('Order 1 is pending and cannot become delivered')
})

test('an order that cannot be verified is UNAVAILABLE, and says when to try again', async () => {
  await world.userService.stop()
  const answer = await client.create({ ...anOrder, user_id: 3 })
  await world.userService.restart()
  expect(outcomeOf(answer)).toEqual(['UNAVAILABLE', 'user_service_unavailable'])
  expect(Number(answer.trailers['retry-after'])).toBeGreaterThanOrEqual(1)
  expect(await ordersIn(world)).toEqual([])
})

test('a wrong key places no order', async () => {
  expect(outcomeOf(await client.create(anOrder, { 'x-api-key': 'wrong' }))).toEqual([
    'UNAUTHENTICATED',
    'invalid_api_key',
  ])
  expect(await ordersIn(world)).toEqual([])
})

test('the request and its trace are passed on, and are in the log, the answer and the event', async () => {
  const trace = '0af7651916cd43dd8448eb211c80319c'
  const metadata = { 'x-request-id': 'req-42', traceparent: `00-${trace}-b7ad6b7169203331-01` }
  const { headers } = await client.create(anOrder, metadata)
  expect(headers['x-request-id']).toBe('req-42')
  for (const seen of [world.userService.seen[0]!, world.sequencer.seen[0]!]) {
    expect(seen.headers['x-request-id']).toBe('req-42')
    expect(seen.headers.traceparent).toContain(trace)
  }
  const line = await until(() => service.log.of('request').find(({ request_id }) => request_id === 'req-42'))
  expect(line).toMatchObject({ method: 'gRPC', route: '/orders.OrderService/CreateOrder', code: 'OK' })
  const [event] = await world.query<{ event: { traceparent: string } }>('SELECT event FROM outbox')
  expect(event!.event.traceparent).toContain(trace)
})

test('a client that has no file asks for it, as grpcurl does, and calls', async () => {
  const protos = await protosByReflection(service.grpcPort, serviceName)
  const stranger = createGrpcClient(service.grpcPort, protos, serviceName)
  await stranger.call('CreateOrder', anOrder)
  const { body } = await stranger.call('ListOrders')
  stranger.close()
  expect(body.orders).toMatchObject([{ ...anOrder, order_number: 'ORD-1' }])
})

test('the metrics count calls by method and code', async () => {
  const counted = async () => {
    const series = (name: string, labels: string) => service.metric(`order_service_grpc_${name}{${labels}}`)
    const method = (name: string) => `method="orders.OrderService/${name}"`
    const all = [
      await series('requests_total', `${method('UpdateOrder')},code="OK"`),
      await series('requests_total', `${method('UpdateOrder')},code="NOT_FOUND"`),
      await series('request_duration_seconds_count', method('UpdateOrder')),
    ]
    return all.map((count) => count || 0)
  }
  const before = await counted()
  await client.create()
  await client.call('UpdateOrder', { id: 1, status: 'confirmed' })
  await client.call('UpdateOrder', { id: 77, status: 'confirmed' })
  expect(await counted()).toEqual([before[0]! + 1, before[1]! + 1, before[2]! + 2])
})

test('orders that are under way when the service stops are placed and answered, or neither', async () => {
  const answers = Array.from({ length: 100 }, () => client.create())
  await until(async () => (await ordersIn(world)).length > 0)
  await service.stop()
  const settled = await Promise.all(answers)
  const placed = settled.filter(({ code }) => code === 'OK').map(({ body }) => body.order.id as number)
  expect(placed.sort((a, b) => a - b)).toEqual((await ordersIn(world)).map(({ id }) => Number(id)))
  expect(settled.filter(({ code }) => !['OK', 'UNAVAILABLE'].includes(code))).toEqual([])
})
