import { randomUUID } from 'node:crypto'
import { ask, createUser, eventually, metric, placeOrder } from '../src/calls'
import { query } from '../src/databases'
import { startSystem, type System } from '../src/system'

// Numbers that are released while an order holds them, or is about to: no number is in two orders, and no order waits.
// Of a sequence that issues released numbers again.
const sequence = 'SG'

let system: System
let userId: number
beforeAll(async () => {
  system = await startSystem({ ORDER_SERVICE_SEQUENCE: sequence })
  userId = await createUser(system)
})
afterAll(() => system.stop())

const release = async (number: string) => {
  const { status, body } = await ask(system.sequencer, 'POST', `/api/v1/numbers/${number}/release`, {
    reason: 'a mistake of the operator',
  })
  expect([status, body.state]).toEqual([200, 'free'])
}
const ordersOf = () =>
  query<{ reference: string; order_number: string | null; numbering_attempt: number }>(
    system.databases.orders,
    'SELECT reference, order_number, numbering_attempt FROM orders ORDER BY id',
  )
const conflicts = () =>
  query<{ number: string; reason: string }>(
    system.databases.orders,
    'SELECT number, reason FROM number_conflicts ORDER BY id',
  )

test('a number that is released in the hands of its order: the order that draws it gets the next one', async () => {
  const first = await placeOrder(system, userId)
  expect(first.body.order_number).toBe('SG000001')
  await release('SG000001')
  const second = await placeOrder(system, userId)
  expect([second.status, second.body.order_number]).toEqual([201, 'SG000002'])
  expect(await conflicts()).toEqual([{ number: 'SG000001', reason: 'held_by_another_order' }])
  const { body } = await ask(system.orders, 'GET', `/api/v1/orders/${first.body.id}`)
  expect(body.order_number).toBe('SG000001')
  const total = 'order_service_number_conflicts_total{reason="held_by_another_order"} '
  expect(await metric(system.orders, total)).toBe(1)
})

const ofOrderService = () => ({ client_id: 'order-service', generated_by: `user-${userId}` })
const draw = async (body: object, headers = {}) =>
  (await ask(system.sequencer, 'POST', `/api/v1/next/${sequence}`, body, headers)).body.full_number as string
/** An order whose number was drawn and not written: the numbering asks for it again. */
const leaveOrder = async (reference: string) => {
  await query(
    system.databases.orders,
    `INSERT INTO orders (reference, user_id, product_id, quantity, total_price) VALUES ($1, $2, 'P', 1, 1)`,
    [reference, userId],
  )
  await eventually(async () => (await ordersOf()).at(-1)!.order_number !== null, Boolean)
}

test('a number that is released before its order has written it: the order asks under the next key', async () => {
  const reference = randomUUID()
  expect(await draw(ofOrderService(), { 'Idempotency-Key': reference })).toBe('SG000003')
  await release('SG000003')
  await leaveOrder(reference)
  // It is recycled: to this very order, but under a key of which the ledger says so.
  expect((await ordersOf()).at(-1)).toEqual({ reference, order_number: 'SG000003', numbering_attempt: 2 })
  expect((await conflicts()).at(-1)).toEqual({ number: 'SG000003', reason: 'no_longer_issued' })
})

test('a number that somebody else reserved since, and confirmed in the name of the service: the order leaves it', async () => {
  const reference = randomUUID()
  const number = await draw(ofOrderService(), { 'Idempotency-Key': reference })
  await release(number)
  expect(await draw({ client_id: 'erp', hold_seconds: 60 })).toBe(number)
  const path = `/api/v1/numbers/${number}/confirm`
  expect((await ask(system.sequencer, 'POST', path, ofOrderService())).status).toBe(200)
  await leaveOrder(reference)
  const { order_number, numbering_attempt } = (await ordersOf()).at(-1)!
  expect([order_number === number, numbering_attempt]).toEqual([false, 2])
  expect((await conflicts()).at(-1)).toEqual({ number, reason: 'no_longer_issued' })
})

test('every number is in one order, and is issued', async () => {
  const orders = await ordersOf()
  expect(orders.length).toBeGreaterThan(1)
  for (const { order_number } of orders) {
    const { body } = await ask(system.sequencer, 'GET', `/api/v1/numbers/${order_number}`)
    expect(body.state).toBe('issued')
  }
  expect(new Set(orders.map(({ order_number }) => order_number)).size).toBe(orders.length)
})
