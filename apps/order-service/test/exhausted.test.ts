import { anOrder, createWorld, until, type World } from './world'

let world: World
beforeEach(async () => void (world = await createWorld()))
afterEach(() => world.end())

const detail = 'ORD has no more values in the period 2026: they end at 500'
const exhaust = () =>
  (world.sequencer.mood = {
    is: 'failing',
    answer: { status: 409, body: { code: 'sequence_exhausted', detail } },
  })
type Instance = Awaited<ReturnType<World['startService']>>
const place = async ({ api }: Instance, headers: Record<string, string> = {}) => {
  const { status, body } = await api.post('/api/v1/orders', anOrder, { headers })
  return { ...body, status } as {
    status: number
    id: number
    order_number: string | null
    code?: string
    detail?: string
  }
}
const stored = async () => (await world.query('SELECT id FROM orders')).length
const asked = (method: string) => world.sequencer.seen.filter((request) => request.method === method).length
const breaker = (instance: Instance) =>
  instance.metric('order_service_circuit_breaker_state{service="sequencer"}')

test('without numbers the first order waits, and the others are refused before they are stored', async () => {
  const instance = await world.startService({ ORDER_SERVICE_NUMBERING_INTERVAL_MS: '50' })
  exhaust()
  const startedAt = performance.now()
  const first = await place(instance, { 'Idempotency-Key': 'first' })
  expect([first.status, first.order_number]).toEqual([201, null])
  const others = await Promise.all(Array.from({ length: 50 }, () => place(instance)))
  for (const { status, code, detail: said } of others)
    expect([status, code, said]).toEqual([
      409,
      'order_numbers_exhausted',
      `The order was not taken: ${detail}`,
    ])
  expect(await stored()).toBe(1)
  // The first and a round of numbering or two, once a second, and no answer that opens the breaker.
  const seconds = (performance.now() - startedAt) / 1000
  expect(asked('POST') + asked('GET')).toBeLessThan(6 + seconds)
  expect(await breaker(instance)).toBe(0)
  expect(await place(instance, { 'Idempotency-Key': 'first' })).toMatchObject({ status: 201, id: first.id })

  world.sequencer.mood = { is: 'well' }
  await world.query('UPDATE orders SET numbering_after = now()')
  await until(async () => {
    const [row] = await world.query<{ order_number: string | null }>('SELECT order_number FROM orders')
    return row!.order_number === 'ORD-1'
  })
  expect(await place(instance)).toMatchObject({ status: 201, order_number: 'ORD-2' })
})

test('an instance notices by itself that there are numbers again, and asks once a second', async () => {
  // It numbers no order that waits: another instance does.
  const instance = await world.startService({ ORDER_SERVICE_NUMBERING_INTERVAL_MS: '5000' })
  exhaust()
  await place(instance)
  while (asked('GET') < 2) expect((await place(instance)).code).toBe('order_numbers_exhausted')
  expect(await stored()).toBe(1)
  world.sequencer.mood = { is: 'well' }
  await until(async () => (await place(instance)).status === 201)
  expect(await place(instance)).toMatchObject({
    status: 201,
    order_number: expect.stringMatching(/^ORD-/) as string,
  })
})

test('a sequencer that is away after its end is an outage like any other: orders are taken', async () => {
  const instance = await world.startService({ ORDER_SERVICE_NUMBERING_INTERVAL_MS: '5000' })
  exhaust()
  await place(instance)
  world.sequencer.mood = { is: 'resetting' }
  await until(async () => (await place(instance)).status === 201)
  expect(await place(instance)).toMatchObject({ status: 201, order_number: null })
})
