import { setTimeout as delay } from 'node:timers/promises'
import {
  ask,
  createUser,
  eventually,
  metric,
  placeOrder,
  query,
  startSystem,
  upTo,
  valueOf,
  type System,
} from './system'

let system: System
beforeEach(async () => {
  system = await startSystem({
    CIRCUIT_BREAKER_TIMEOUT: '3',
    ORDER_SERVICE_CALL_TIMEOUT_MS: '500',
    ORDER_SERVICE_USER_MEMORY: '1',
  })
})
afterEach(() => system.stop())

const breakerOf = (service: string) =>
  metric(system.orders, `order_service_circuit_breaker_state{service="${service}"}`)
const closed = 0
const open = 2

const numbersOf = async () => {
  const rows = await query<{ order_number: string | null }>(
    system.databases.orders,
    'SELECT order_number FROM orders ORDER BY order_number',
  )
  return rows.map(({ order_number }) => order_number)
}

test.each([
  ['stopped', (s: System) => s.sequencer.end(), (s: System) => s.sequencer.start()],
  ['killed', (s: System) => s.sequencer.end('SIGKILL'), (s: System) => s.sequencer.start()],
  [
    'frozen',
    (s: System) => Promise.resolve(s.sequencer.freeze()),
    (s: System) => Promise.resolve(s.sequencer.thaw()),
  ],
])(
  'with the sequencer %s orders are taken, and are numbered within 10 s of its return, densely',
  async (_, away, back) => {
    const userId = await createUser(system)
    await placeOrder(system, userId)
    await away(system)
    const answers = await Promise.all(upTo(30).map(() => placeOrder(system, userId)))
    expect(answers.map(({ status, body }) => [status, body.order_number])).toEqual(
      upTo(30).map(() => [201, null]),
    )
    expect(await breakerOf('sequencer')).toBe(open)

    await back(system)
    const numbers = await eventually(numbersOf, (seen) => !seen.includes(null), 10_000)
    expect(numbers.map((number) => valueOf(number!))).toEqual(upTo(31))
    await eventually(
      () => breakerOf('sequencer'),
      (state) => state === closed,
      10_000,
    )
    expect(valueOf((await placeOrder(system, userId)).body.order_number)).toBe(32)
  },
)

test.each([
  ['stopped', (s: System) => s.users.end(), (s: System) => s.users.start()],
  [
    'frozen',
    (s: System) => Promise.resolve(s.users.freeze()),
    (s: System) => Promise.resolve(s.users.thaw()),
  ],
])(
  'with the user service %s an order is taken only for a user verified a moment ago',
  async (_, away, back) => {
    const [known, other] = [await createUser(system), await createUser(system)]
    await placeOrder(system, known)
    await away(system)

    expect((await placeOrder(system, known)).status).toBe(201)
    for (let n = 0; n < 5; n += 1) {
      const refused = await placeOrder(system, other)
      expect([refused.status, refused.body.code]).toEqual([503, 'user_service_unavailable'])
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(refused.headers.get('content-type')).toContain('application/problem+json')
    }
    expect(await breakerOf('user-service')).toBe(open)
    // Once the breaker is open nobody waits for the time-out.
    expect((await placeOrder(system, other)).ms).toBeLessThan(250)
    const { body: read } = await ask(system.orders, 'GET', '/api/v1/orders/1')
    expect(read).toMatchObject({ id: 1, user: null })

    await delay(1_100)
    expect((await placeOrder(system, known)).status).toBe(503)

    await back(system)
    await eventually(
      () => placeOrder(system, other),
      ({ status }) => status === 201,
      10_000,
    )
    await eventually(
      async () => {
        await placeOrder(system, other)
        return breakerOf('user-service')
      },
      (state) => state === closed,
      10_000,
    )
  },
)
