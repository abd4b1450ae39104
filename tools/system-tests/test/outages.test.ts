import { setTimeout as delay } from 'node:timers/promises'
import { ask, createUser, eventually, metric, placeOrder, upTo, valueOf } from '../src/calls'
import { expectOneNumberForEachOrder, readOrders } from './proof'
import { startSystem, type System } from '../src/system'

const breakerTimeoutMs = 2_000
const userMemoryMs = 20_000
// Longer than a busy machine may pause, so that only a service that is away does not answer in time.
const callTimeoutMs = 3_000

let system: System
beforeEach(async () => {
  system = await startSystem({
    CIRCUIT_BREAKER_TIMEOUT: String(breakerTimeoutMs / 1000),
    ORDER_SERVICE_CALL_TIMEOUT_MS: String(callTimeoutMs),
    ORDER_SERVICE_USER_MEMORY: String(userMemoryMs / 1000),
  })
})
afterEach(() => system.stop())

const states = { closed: 0, halfOpen: 1 }

const breakerOf = (service: string) =>
  metric(system.orders, `order_service_circuit_breaker_state{service="${service}"} `)

/** It may be half open again when somebody looks. */
const breakerHasOpened = (service: string) =>
  eventually(
    () => metric(system.orders, `order_service_circuit_breaker_opened_total{service="${service}"} `),
    (times) => times > 0,
  )

const breakerBecomes = (service: string, state: keyof typeof states) =>
  eventually(
    () => breakerOf(service),
    (seen) => seen === states[state],
  )

/** In so many seconds of a machine that goes on: it counts looks, ten a second at most, since seconds pass while a busy one pauses. */
async function areNumberedIn(seconds: number): Promise<boolean> {
  for (let looksLeft = seconds * 10; looksLeft > 0; looksLeft -= 1) {
    if ((await readOrders(system)).every(({ order_number }) => order_number !== null)) return true
    await delay(100)
  }
  return false
}

const outages = [
  ['stopped', (service) => service.end(), (service) => service.start()],
  ['killed', (service) => service.end('SIGKILL'), (service) => service.start()],
  ['frozen', (service) => service.freeze(), (service) => service.thaw()],
] satisfies [string, (service: System['users']) => unknown, (service: System['users']) => unknown][]

test.each(outages)(
  'with the sequencer %s orders are taken, and are numbered within 10 s of its return, densely',
  async (_, away, back) => {
    const userId = await createUser(system)
    expect(valueOf((await placeOrder(system, userId)).body.order_number)).toBe(1)
    await away(system.sequencer)
    const answers = await Promise.all(upTo(30).map(() => placeOrder(system, userId)))
    expect(answers.map(({ status, body }) => [status, body.order_number])).toEqual(
      upTo(30).map(() => [201, null]),
    )
    await breakerHasOpened('sequencer')

    await back(system.sequencer)
    expect(await areNumberedIn(10)).toBe(true)
    await expectOneNumberForEachOrder(system)
    // By itself: nobody has placed an order meanwhile.
    await breakerBecomes('sequencer', 'closed')
    expect(valueOf((await placeOrder(system, userId)).body.order_number)).toBe(32)
  },
)

test.each(outages.filter(([how]) => how !== 'killed'))(
  'with the user service %s an order is taken for a user verified a moment ago, and for no other',
  async (_, away, back) => {
    const [known, other] = [await createUser(system), await createUser(system)]
    await placeOrder(system, known)
    await away(system.users)

    const taken = await placeOrder(system, known)
    expect([taken.status, valueOf(taken.body.order_number)]).toEqual([201, 2])
    // One after the other: together they would ask for their user with one call, which fails once.
    for (let n = 0; n < 5; n += 1) {
      const { status, headers, body } = await placeOrder(system, other)
      expect([status, body.code]).toEqual([503, 'user_service_unavailable'])
      expect(headers.get('content-type')).toContain('application/problem+json')
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    }

    await breakerHasOpened('user-service')
    // Nobody waits for the time limit any more.
    const fast = await eventually(
      () => placeOrder(system, other),
      ({ ms }) => ms < 250,
    )
    expect(fast.status).toBe(503)
    const { status, body: order } = await ask(system.orders, 'GET', `/api/v1/orders/${taken.body.id}`)
    expect([status, order.id, order.user]).toEqual([200, taken.body.id, null])

    await breakerBecomes('user-service', 'halfOpen')
    // A moment is over after a while.
    await eventually(
      () => placeOrder(system, known),
      (answer) => answer.status === 503,
      userMemoryMs + 60_000,
    )

    await back(system.users)
    await eventually(
      () => placeOrder(system, other),
      (answer) => answer.status === 201,
    )
    await eventually(
      async () => [(await placeOrder(system, other)).status, await breakerOf('user-service')],
      ([answered, state]) => answered === 201 && state === states.closed,
    )
    await expectOneNumberForEachOrder(system)
  },
)
