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
  const headers = { 'x-request-id': 'req-42', traceparent: `00-${trace}-b7ad6b7169203331-01` }
  const { body } = await service.api.post('/api/v1/orders', anOrder, { headers })
  const [lookUp] = world.userService.seen
  const [issue] = world.sequencer.seen
  for (const seen of [lookUp!, issue!]) {
    expect(seen.headers).toMatchObject({
      'x-request-id': 'req-42',
      'x-api-key': 'secret-of-the-order-service',
    })
    expect(seen.headers.traceparent).toContain(trace)
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
