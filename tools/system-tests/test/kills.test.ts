import { setTimeout as delay } from 'node:timers/promises'
import {
  createUser,
  orderOf,
  ask,
  query,
  startSystem,
  upTo,
  valueOf,
  eventually,
  type System,
} from './system'

// The issue's own count is 20; `SYSTEM_TEST_KILLS=20 make test-integration` runs it.
const kills = Number(process.env.SYSTEM_TEST_KILLS ?? 6)
const seed = Number(process.env.SYSTEM_TEST_SEED ?? Date.now() % 1_000_000)

let system: System
beforeEach(async () => {
  system = await startSystem({ CIRCUIT_BREAKER_TIMEOUT: '1', ORDER_SERVICE_CALL_TIMEOUT_MS: '1000' })
})
afterEach(() => system.stop())

test(`${kills} kills of the order service and the sequencer under load (seed ${seed}) leave every order with one number`, async () => {
  const random = randomFrom(seed)
  const userId = await createUser(system)
  const acknowledged = new Map<string, number>()
  let stop = false
  let failures = 0

  // As a caller would: the same key until there is an answer.
  const client = async (name: number) => {
    for (let n = 0; !stop; n += 1) {
      const key = `client-${name}-order-${n}`
      for (;;) {
        const answer = await ask(system.orders, 'POST', '/api/v1/orders', orderOf(userId), {
          'Idempotency-Key': key,
        }).catch(() => undefined)
        if (answer?.status === 201) {
          acknowledged.set(key, answer.body.id)
          break
        }
        failures += 1
        if (answer && ![409, 503].includes(answer.status)) throw new Error(JSON.stringify(answer.body))
        await delay(20)
      }
    }
  }
  const clients = upTo(8).map(client)
  for (let kill = 0; kill < kills; kill += 1) {
    await delay(200 + random() * 600)
    const victim = random() < 0.5 ? system.orders : system.sequencer
    await victim.end('SIGKILL')
    await delay(random() * 300)
    await victim.start()
  }
  await delay(500)
  stop = true
  await Promise.all(clients)
  // Otherwise no kill has hit anything.
  expect(failures).toBeGreaterThan(0)
  expect(acknowledged.size).toBeGreaterThan(kills * 5)

  const readOrders = () =>
    query<{ id: string; reference: string; order_number: string | null }>(
      system.databases.orders,
      'SELECT id, reference, order_number FROM orders ORDER BY order_number',
    )
  const orders = await eventually(
    readOrders,
    (rows) => rows.every(({ order_number }) => order_number !== null),
    15_000,
  )
  const ledger = await query<{ number: string; idempotency_key: string; value: string }>(
    system.databases.sequencer,
    `SELECT number, idempotency_key, value FROM ledger WHERE prefix = 'ORD' ORDER BY value`,
  )
  // Dense and unique; each number was issued to the order that has it, and to no other.
  expect(ledger.map(({ value }) => Number(value))).toEqual(upTo(ledger.length))
  expect(orders.map(({ order_number }) => valueOf(order_number!))).toEqual(upTo(orders.length))
  expect(new Map(ledger.map((row) => [row.idempotency_key, row.number]))).toEqual(
    new Map(orders.map((order) => [order.reference, order.order_number])),
  )
  // Each key has the one order that was acknowledged for it, and no order is without a key.
  expect(new Set(acknowledged.values()).size).toBe(acknowledged.size)
  expect(orders).toHaveLength(acknowledged.size)
})

/** mulberry32: numbers from 0 to 1 that a seed repeats. */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
