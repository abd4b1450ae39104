import fc from 'fast-check'
import type { CloudEvent } from '@ordinal/events'
import { createCutProxy } from '@ordinal/testing'
import { productId } from '../src/orders/schemas'
import { anOrder, createWorld, expectNumbersToMatch, type Instance, type World } from './world'

let world: World
let service: Instance

beforeEach(async () => {
  world = await createWorld()
  service = await world.startService({
    ORDER_SERVICE_API_KEY: 'secret-of-the-order-service',
    // Time enough for 200 orders at once, also on a machine that has other things to do.
    ORDER_SERVICE_CALL_TIMEOUT_MS: '5000',
  })
})
afterEach(() => world.end())

test('an order is placed with its number, and Location names it', async () => {
  const { status, headers, body } = await service.api.post('/api/v1/orders', anOrder)
  expect(status).toBe(201)
  expect(headers.get('location')).toBe(`/api/v1/orders/${body.id}`)
  expect(headers.get('etag')).toBe('"1"')
  expect(headers.has('idempotency-replayed')).toBe(false)
  expect(body).toMatchObject({ ...anOrder, order_number: 'ORD-1', status: 'pending', version: 1 })
  expect(body.reference).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  const read = await service.api.get(`/api/v1/orders/${body.id}`)
  expect(read.body).toEqual({ ...body, user: { id: 1, email: 'u1@example.com', active: true } })
})

test('the answer, its replay and the event are the same, letter by letter, and the order as it is read', async () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  // What the answer itself is made of.
  const odd = fc.constantFrom(
    '"updated_at":"2026"',
    '\\u0022',
    `'); --`,
    '$10',
    '01a228c7-922d-4076-9fd9-06ea61312bd9',
  )
  const products = [...fc.sample(text, 40), ...fc.sample(odd, 10)].filter(
    (it) => productId.safeParse(it).data === it,
  )
  for (const [n, product_id] of products.entries()) {
    const headers = { 'idempotency-key': `k${n}` }
    const placed = await service.api.post('/api/v1/orders', { ...anOrder, product_id }, { headers })
    expect([placed.status, placed.body.product_id]).toEqual([201, product_id])
    const replayed = await service.api.post('/api/v1/orders', { ...anOrder, product_id }, { headers })
    expect(JSON.stringify(replayed.body)).toBe(JSON.stringify(placed.body))
    const read = await service.api.get(`/api/v1/orders/${placed.body.id}`)
    expect(read.body).toMatchObject(placed.body)
  }
  const answers = await world.query<{ answer: object }>(
    'SELECT answer FROM idempotency_records ORDER BY resource_id',
  )
  const events = await world.query<{ event: CloudEvent }>('SELECT event FROM outbox ORDER BY position')
  expect(events.map(({ event }) => JSON.stringify(event.data))).toEqual(
    answers.map(({ answer }) => JSON.stringify(answer)),
  )
})

test('an order alone is stored, numbered and answered without a transaction of several round trips', async () => {
  const url = new URL(world.database.url)
  const proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
  try {
    url.port = String(proxy.port)
    service = await world.startService({ ORDER_SERVICE_DATABASE_URL: url.href })
    proxy.cutAt('BEGIN', 'before')
    const { status, body } = await service.api.post('/api/v1/orders', anOrder)
    expect([status, body.order_number, proxy.cuts]).toEqual([201, 'ORD-1', 0])
  } finally {
    await proxy.close()
  }
})

test('fields may be written in lowerCamelCase', async () => {
  const camel = { userId: 1, productId: 'PROD-123', quantity: 2, totalPrice: 99.99 }
  const { status, body } = await service.api.post('/api/v1/orders', camel)
  expect(status).toBe(201)
  expect(body).toMatchObject(anOrder)
})

test('an order of a user who does not exist is refused, and asks for no number', async () => {
  const { status, body } = await service.api.post('/api/v1/orders', { ...anOrder, user_id: 99 })
  expect([status, body.code]).toEqual([422, 'user_unknown'])
  expect(world.sequencer.seen).toEqual([])
  await expectNumbersToMatch(world)
})

test('an order of a user who is not active is refused', async () => {
  const { status, body } = await service.api.post('/api/v1/orders', { ...anOrder, user_id: 5 })
  expect([status, body.code]).toEqual([422, 'user_inactive'])
  expect(world.sequencer.seen).toEqual([])
})

test('who is deactivated may not order any more, although verified a moment ago', async () => {
  await service.api.post('/api/v1/orders', anOrder)
  world.userService.users.get(1)!.active = false
  expect((await service.api.post('/api/v1/orders', anOrder)).status).toBe(422)
  await world.userService.stop()
  expect((await service.api.post('/api/v1/orders', anOrder)).status).toBe(503)
})

test('both services learn which request they are asked for, and by whom', async () => {
  const trace = '0af7651916cd43dd8448eb211c80319c'
  const headers = {
    'x-request-id': 'req-42',
    traceparent: `00-${trace}-b7ad6b7169203331-01`,
    tracestate: 'vendor=1',
  }
  const { body } = await service.api.post('/api/v1/orders', anOrder, { headers })
  const [lookUp] = world.userService.seen
  const [issue] = world.sequencer.seen
  for (const seen of [lookUp!, issue!]) {
    expect(seen.headers).toMatchObject({
      'x-request-id': 'req-42',
      'x-api-key': 'secret-of-the-order-service',
    })
    expect(seen.headers.traceparent).toContain(trace)
    expect(seen.headers.tracestate).toBe('vendor=1')
  }
  expect(issue).toMatchObject({
    method: 'POST',
    path: '/api/v1/next/ORD',
    body: { client_id: 'order-service', generated_by: 'user-1' },
  })
  expect(issue!.headers['idempotency-key']).toBe(body.reference)
  expect(JSON.stringify(service.log.entries)).not.toContain('secret-of-the-order-service')
})

test('each of 200 orders at once gets a number of its own, without a hole', async () => {
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, n) =>
      service.api.post('/api/v1/orders', { ...anOrder, quantity: n + 1 }),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array(200).fill(201))
  expect(new Set(answers.map(({ body }) => body.order_number)).size).toBe(200)
  expect(world.sequencer.issued.size).toBe(200)
  await expectNumbersToMatch(world)
})

test('health shows the states of both breakers, and needs neither service', async () => {
  await Promise.all([world.userService.stop(), world.sequencer.stop()])
  const { status, body } = await service.api.get('/health')
  expect(status).toBe(200)
  expect(body.checks).toEqual({ database: 'up', 'user-service': 'closed', sequencer: 'closed' })
})
