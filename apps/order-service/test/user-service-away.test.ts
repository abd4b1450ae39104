import { setTimeout as delay } from 'node:timers/promises'
import { failing, type Mood } from './stub'
import { anOrder, createWorld, shortCalls, soonest, until, type World } from './world'

const state = 'order_service_circuit_breaker_state{service="user-service"}'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.end())

test('a hundred orders of unknown users leave the breaker closed', async () => {
  const { api, metric } = await world.startService()
  for (let n = 0; n < 100; n += 1) {
    expect((await api.post('/api/v1/orders', { ...anOrder, user_id: 1000 + n })).status).toBe(422)
  }
  expect(world.userService.seen).toHaveLength(100)
  expect(await metric(state)).toBe(0)
  expect((await api.post('/api/v1/orders', anOrder)).status).toBe(201)
})

test('an order that cannot be verified is refused with 503 and Retry-After, at once when the breaker is open', async () => {
  const { api, metric, log } = await world.startService({ CIRCUIT_BREAKER_TIMEOUT: '60', ...shortCalls })
  world.userService.mood = { is: 'silent' }
  const place = () => api.post('/api/v1/orders', anOrder)
  // One after the other: together they would ask for their user with one call, which fails once.
  const slow = [await place(), await place(), await place(), await place(), await place()]
  // The last call ends a moment after its answer was waited for.
  await until(async () => (await metric(state)) === 2)

  const fast = await soonest(400, place)
  expect(world.userService.seen.length).toBeLessThanOrEqual(5)
  for (const answer of [...slow, fast]) {
    expect([answer.status, answer.body.code]).toEqual([503, 'user_service_unavailable'])
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  }
  expect(Number(slow[0]!.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  const retryAfter = Number(fast.headers.get('retry-after'))
  expect(retryAfter).toBeGreaterThan(10)
  expect(retryAfter).toBeLessThanOrEqual(60)
  await until(() => log.of('a circuit breaker changed its state').length > 0)
  expect(log.of('a circuit breaker changed its state')).toMatchObject([
    { breaker: 'user-service', state: 'open' },
  ])
  expect(await world.query('SELECT id FROM orders')).toEqual([])
})

test('much success before an outage does not keep the breaker from opening', async () => {
  const { api, metric } = await world.startService({ ORDER_SERVICE_USER_MEMORY: '0' })
  for (let n = 0; n < 50; n += 1) expect((await api.post('/api/v1/orders', anOrder)).status).toBe(201)
  world.userService.mood = failing(500)
  for (let n = 0; n < 5; n += 1) expect((await api.post('/api/v1/orders', anOrder)).status).toBe(503)
  await until(async () => (await metric(state)) === 2)
})

test('the breaker closes by itself once the user service is back', async () => {
  const { api, metric } = await world.startService({ CIRCUIT_BREAKER_TIMEOUT: '0.5' })
  await world.userService.stop()
  const place = () => api.post('/api/v1/orders', anOrder)
  await until(async () => (await place()) && (await metric(state)) === 2)
  await world.userService.restart()
  await until(async () => (await place()).status === 201)
  await until(async () => (await place()) && (await metric(state)) === 0)
})

test('a user who was verified a moment ago still gets an order, another does not', async () => {
  const { api, metric } = await world.startService()
  await api.post('/api/v1/orders', anOrder)
  await world.userService.stop()
  for (let n = 0; n < 10; n += 1) expect((await api.post('/api/v1/orders', anOrder)).status).toBe(201)
  expect((await api.post('/api/v1/orders', { ...anOrder, user_id: 2 })).status).toBe(503)
  expect(await metric('order_service_user_fallbacks_total{outcome="remembered"}')).toBe(10)
  expect(await metric('order_service_user_fallbacks_total{outcome="unknown"}')).toBe(1)
  expect(await metric('order_service_remembered_users')).toBe(1)
})

test('an order that was placed by memory says so: in its answer, whenever it is read, in its event and in the log', async () => {
  const { api, log } = await world.startService()
  const verified = await api.post('/api/v1/orders', anOrder)
  expect(verified.body).not.toHaveProperty('user_from_memory')
  await world.userService.stop()
  const withKey = { headers: { 'idempotency-key': 'k1', 'x-request-id': 'req-7' } }
  const placed = await api.post('/api/v1/orders', anOrder, withKey)
  expect(placed.body.user_from_memory).toBe(true)
  expect((await api.post('/api/v1/orders', anOrder, withKey)).body).toEqual(placed.body)
  const read = await api.get(`/api/v1/orders/${placed.body.id}`)
  expect(read.body).toEqual({ ...placed.body, user: null })
  const [event] = await world.query<{ remembered: string }>(
    `SELECT event -> 'data' ->> 'user_from_memory' AS remembered FROM outbox WHERE subject = $1`,
    [placed.body.reference],
  )
  expect(event!.remembered).toBe('true')
  expect(log.of('an order was placed for a user who was verified a moment ago, not now')).toMatchObject([
    { level: 'warn', order_id: placed.body.id, user_id: 1, request_id: 'req-7' },
  ])
})

test('a passing failure of the user service is not seen by who orders', async () => {
  const { api, metric } = await world.startService({ ORDER_SERVICE_USER_MEMORY: '0' })
  let calls = 0
  const { users } = world.userService
  const has = users.get.bind(users)
  jest.spyOn(users, 'get').mockImplementation((id) => {
    if ((calls += 1) === 1) world.userService.breakAll()
    return has(id)
  })
  expect((await api.post('/api/v1/orders', anOrder)).status).toBe(201)
  expect(calls).toBe(2)
  expect(await metric('order_service_client_retries_total{service="user-service"}')).toBe(1)
})

test.each([
  ['1', 1100],
  ['0', 0],
])('with a memory of %s s, a user is forgotten %i ms later', async (seconds, afterMs) => {
  const { api } = await world.startService({ ORDER_SERVICE_USER_MEMORY: seconds })
  await api.post('/api/v1/orders', anOrder)
  await world.userService.stop()
  // Its use does not prolong the memory.
  await delay(afterMs / 2)
  await api.post('/api/v1/orders', anOrder)
  await delay(afterMs / 2)
  expect((await api.post('/api/v1/orders', anOrder)).status).toBe(503)
})

test.each<[string, Mood]>([
  ['a wrong key', failing(401, 'invalid_api_key')],
  ['the 404 of a proxy', { is: 'failing', answer: { status: 404, body: '<html>' } }],
  ['a user without `active`', { is: 'failing', answer: { status: 200, body: { id: 1 } } }],
  ['a limit that is used up', failing(429, 'rate_limited', { 'retry-after': '7' })],
])('%s is no verification: 503, never a silent yes', async (_what, mood) => {
  const { api } = await world.startService()
  world.userService.mood = mood
  const { status, body, headers } = await api.post('/api/v1/orders', anOrder)
  const refused = mood.is === 'failing' && mood.answer.status === 401
  expect([status, body.code]).toEqual([503, refused ? 'user_service_refuses' : 'user_service_unavailable'])
  expect(headers.get('retry-after')).toBe(mood.is === 'failing' && mood.answer.status === 429 ? '7' : '1')
})

test.each<[string, (world: World) => unknown]>([
  ['stopped', ({ userService }) => userService.stop()],
  ['silent', ({ userService }) => (userService.mood = { is: 'silent' })],
  ['failing', ({ userService }) => (userService.mood = failing(500))],
])('with a user service that is %s, an order is read soon, without its user', async (_how, trouble) => {
  const { api } = await world.startService({ ORDER_SERVICE_CALL_TIMEOUT_MS: '5000' })
  const placed = await api.post('/api/v1/orders', anOrder)
  await trouble(world)
  const { status, body } = await soonest(1000, () => api.get(`/api/v1/orders/${placed.body.id}`))
  expect(status).toBe(200)
  expect(body).toEqual({ ...placed.body, user: null })
})

test('a user service too slow to be read with orders is not taken for one that is down', async () => {
  const { api, metric } = await world.startService({ ORDER_SERVICE_CALL_TIMEOUT_MS: '5000' })
  const placed = await api.post('/api/v1/orders', anOrder)
  world.userService.mood = { is: 'slow', ms: 800 }
  const reads = Array.from({ length: 10 }, () => api.get(`/api/v1/orders/${placed.body.id}`))
  for (const { body } of await Promise.all(reads)) expect(body.user).toBeNull()
  expect((await api.post('/api/v1/orders', { ...anOrder, user_id: 2 })).status).toBe(201)
  expect(await metric(state)).toBe(0)
})
