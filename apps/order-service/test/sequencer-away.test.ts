import { failing, type Mood } from './stub'
import {
  anOrder,
  countUnnumbered,
  createWorld,
  expectNumbersToMatch,
  holdsInTime,
  leaveOrder,
  shortCalls,
  soonest,
  until,
  type World,
} from './world'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.end())

// The breaker stays open for longer than the promise: numbering must not wait for it.
test.each<[string, Mood | 'stopped']>([
  ['stopped', 'stopped'],
  ['silent', { is: 'silent' }],
  ['failing', failing(503, 'database_unavailable')],
  ['overrun', failing(429, 'rate_limited', { 'retry-after': '60' })],
  ['losing every reply', { is: 'losing' }],
  ['without our sequence', failing(404, 'sequence_not_found')],
  ['answering nonsense', { is: 'failing', answer: { status: 200, body: { full_number: 7 } } }],
])(
  'with a sequencer that is %s, orders are taken, and numbered within 10 s of its return',
  async (how, mood) => {
    const { api, metric } = await world.startService({
      CIRCUIT_BREAKER_TIMEOUT: '60',
      ...(how === 'silent' && shortCalls),
    })
    const place = () => api.post('/api/v1/orders', anOrder)
    // With short calls a pause of the machine may leave it without a user, or a number.
    await until(async () => (await place()).status === 201)
    await until(async () => (await countUnnumbered(world)) === 0)
    if (mood === 'stopped') await world.sequencer.stop()
    else world.sequencer.mood = mood

    const taken = []
    for (let n = 0; n < 12; n += 1) taken.push(await place())
    for (const { status, body } of taken) expect([status, body.order_number]).toEqual([201, null])
    await until(async () => (await metric('order_service_orders_without_number')) === 12)
    // A busy database may have no time for a scrape, which then says NaN.
    const age = await until(() => metric('order_service_oldest_order_without_number_seconds'))
    expect(age).toBeLessThan(60)

    if (mood === 'stopped') await world.sequencer.restart()
    world.sequencer.mood = { is: 'well' }
    expect(await holdsInTime(10, async () => (await countUnnumbered(world)) === 0)).toBe(true)
    await until(async () => (await place()).body.order_number !== null)
    await until(async () => (await countUnnumbered(world)) === 0)
    await expectNumbersToMatch(world)
    await until(async () => (await metric('order_service_orders_without_number')) === 0)
    await until(async () => (await metric('order_service_oldest_order_without_number_seconds')) === 0)
    // What is seen to be committed may be counted a moment later.
    await until(async () => (await metric('order_service_orders_numbered_later_total')) >= 12)
    expect(await metric('order_service_circuit_breaker_state{service="sequencer"}')).toBe(0)
    // Each is placed once, and has one time to its number: of all that wait, none waited for a minute.
    const placed = await metric('order_service_orders_placed_total')
    expect(placed).toBeGreaterThanOrEqual(14)
    await until(async () => (await metric('order_service_number_wait_seconds_count')) >= placed)
    expect(await metric('order_service_number_wait_seconds_count')).toBe(placed)
    expect(await metric('order_service_number_wait_seconds_bucket{le="60"}')).toBe(placed)
  },
)

test('with an open breaker, an order is taken at once, and an outage costs one call a round', async () => {
  const { api, metric } = await world.startService(shortCalls)
  world.sequencer.mood = { is: 'silent' }
  // One after the other: together they would ask with one call, which fails once.
  for (let n = 0; n < 5; n += 1) await api.post('/api/v1/orders', anOrder)
  await until(async () => (await metric('order_service_circuit_breaker_state{service="sequencer"}')) === 2)
  const before = world.sequencer.seen.length
  const startedAt = performance.now()
  const place = () => api.post('/api/v1/orders', anOrder)
  expect((await soonest(400, place)).status).toBe(201)
  await new Promise((resolve) => setTimeout(resolve, 3000))
  const rounds = world.sequencer.seen.length - before
  const seconds = (performance.now() - startedAt) / 1000
  expect(rounds).toBeGreaterThan(0)
  expect(rounds).toBeLessThan(4 + seconds)
})

test('an order that is refused by the sequencer is logged as a fault of ours', async () => {
  const { api, log } = await world.startService()
  world.sequencer.mood = failing(401, 'invalid_api_key')
  const { body } = await api.post('/api/v1/orders', anOrder)
  await until(() => log.of('the sequencer did not number an order').length > 0)
  expect(log.of('the sequencer did not number an order')).toMatchObject([
    { level: 'error', order_id: body.id },
  ])
  expect(JSON.stringify(log.entries)).toContain('sequencer answered with 401, invalid_api_key')
})

test('an outage is logged once, and its end', async () => {
  const { log } = await world.startService({ ORDER_SERVICE_NUMBERING_INTERVAL_MS: '20' })
  await world.sequencer.stop()
  await leaveOrder(world)
  await until(() => log.of('numbering waits for the sequencer').length > 0)
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(log.of('numbering waits for the sequencer')).toHaveLength(1)
  await world.sequencer.restart()
  await until(() => log.of('numbering goes on: the sequencer works again').length > 0)
})

test('a thousand orders that wait have their numbers within 10 s of its return', async () => {
  await world.query(
    `INSERT INTO orders (reference, user_id, product_id, quantity, total_price)
     SELECT gen_random_uuid(), 1, 'P', 1, 1 FROM generate_series(1, 1000)`,
  )
  // A call that takes longer than this is asked anew.
  await world.startService({ ORDER_SERVICE_CALL_TIMEOUT_MS: '5000' })
  expect(await holdsInTime(10, async () => (await countUnnumbered(world)) === 0)).toBe(true)
  await expectNumbersToMatch(world)
  expect(world.sequencer.asked()).toHaveLength(1000)
})
