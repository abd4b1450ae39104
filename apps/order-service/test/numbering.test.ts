import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import {
  anOrder,
  countUnnumbered,
  createWorld,
  expectNumbersToMatch,
  leaveOrder,
  longCalls,
  until,
  type World,
} from './world'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.end())

const soon = { ORDER_SERVICE_NUMBERING_INTERVAL_MS: '20' }

const numberOf = async (id: number) => {
  const [row] = await world.query<{ order_number: string | null }>(
    'SELECT order_number FROM orders WHERE id = $1',
    [id],
  )
  return row!.order_number
}

test('an order is left to the request that places it, until its lease ends', async () => {
  await world.startService(soon)
  const leased = await leaveOrder(world, { leasedSeconds: 600 })
  const free = await leaveOrder(world)
  await until(() => numberOf(free.id))
  await delay(300)
  expect(await numberOf(leased.id)).toBeNull()
  await world.query('UPDATE orders SET numbering_after = now()')
  await until(() => numberOf(leased.id))
})

test('numbering passes over an order that somebody else holds, and does not wait for it', async () => {
  const [held, free] = [await leaveOrder(world), await leaveOrder(world)]
  const other = new Client(world.database.adminUrl)
  await other.connect()
  await other.query('BEGIN')
  await other.query('SELECT FROM orders WHERE id = $1 FOR UPDATE', [held.id])
  await world.startService(soon)
  await until(() => numberOf(free.id))
  expect(await numberOf(held.id)).toBeNull()
  await other.end()
  await until(() => numberOf(held.id))
})

test('a request that asks for its number is not overtaken by numbering', async () => {
  const { api } = await world.startService(soon)
  world.sequencer.mood = { is: 'slow', ms: 300 }
  await api.post('/api/v1/orders', anOrder)
  expect(world.sequencer.seen).toHaveLength(1)
})

test('orders that the sequencer refuses do not keep the others from their numbers', async () => {
  const refused = await Promise.all(Array.from({ length: 10 }, () => leaveOrder(world)))
  for (const { reference } of refused) world.sequencer.refused.add(reference)
  const others = await Promise.all(Array.from({ length: 100 }, () => leaveOrder(world)))
  const { log } = await world.startService(soon)
  await until(async () => (await countUnnumbered(world)) === refused.length)
  for (const { id } of others) expect(await numberOf(id)).not.toBeNull()
  expect(log.of('numbering fails at the sequencer')).toContainEqual(
    expect.objectContaining({ level: 'error' }),
  )
})

test('a number that another order has is refused loudly, and all of its batch get theirs', async () => {
  const { api, log } = await world.startService()
  await api.post('/api/v1/orders', anOrder)
  await world.sequencer.stop()
  const { body: doubled } = await api.post('/api/v1/orders', anOrder)
  const { body: other } = await api.post('/api/v1/orders', anOrder)
  const request = { client_id: 'order-service', generated_by: 'user-1' }
  world.sequencer.issued.set(doubled.reference, { body: request, number: 'ORD-1' })
  await world.sequencer.restart()
  await until(() => numberOf(other.id))
  await until(() => numberOf(doubled.id))
  expect(log.of('an order cannot take the number that the sequencer answered')).toEqual([
    expect.objectContaining({ level: 'error', order_id: doubled.id, number: 'ORD-1' }),
  ])
})

test('an order keeps the number that it has; another one for it is a loud fault', async () => {
  const { api, log } = await world.startService(longCalls)
  const answer = world.sequencer.holdAnswers()
  const placing = api.post('/api/v1/orders', anOrder)
  await until(() => world.sequencer.seen.length === 1)
  await world.query(`UPDATE orders SET order_number = 'ORD-OTHER'`)
  answer()
  const { status, body } = await placing
  expect(status).toBe(201)
  expect(await numberOf(body.id)).toBe('ORD-OTHER')
  await until(() => log.of('an order cannot take the number that the sequencer answered').length > 0)
  expect(JSON.stringify(log.entries)).toContain(
    `order ${body.id} has ORD-OTHER, and the sequencer issued ORD-1`,
  )
})

test('with a key the answer is kept, also when its number does not fit', async () => {
  const { api } = await world.startService(longCalls)
  const place = () => api.post('/api/v1/orders', anOrder, { headers: { 'idempotency-key': 'k' } })
  const answer = world.sequencer.holdAnswers()
  const placing = place()
  await until(() => world.sequencer.seen.length === 1)
  await world.query(`UPDATE orders SET order_number = 'ORD-OTHER'`)
  answer()
  const { status, body } = await placing
  expect([status, body.order_number]).toEqual([201, 'ORD-OTHER'])
  const again = await place()
  expect([again.body, again.headers.get('idempotency-replayed')]).toEqual([body, 'true'])
})

test('so it is for a retry that finishes what a crashed process began', async () => {
  const { api } = await world.startService(longCalls)
  const place = () => api.post('/api/v1/orders', anOrder, { headers: { 'idempotency-key': 'k' } })
  const answer = world.sequencer.holdAnswers()
  await leaveOrder(world, { key: 'k', leasedSeconds: 600 })
  await world.query('UPDATE idempotency_records SET leased_until = now()')
  const placing = place()
  await until(() => world.sequencer.seen.length === 1)
  await world.query(`UPDATE orders SET order_number = 'ORD-OTHER'`)
  answer()
  const { status, body } = await placing
  expect([status, body.order_number]).toEqual([201, 'ORD-OTHER'])
  const again = await place()
  expect([again.body, again.headers.get('idempotency-replayed')]).toEqual([body, 'true'])
})

test('trouble with the database is logged once, and numbering goes on after it', async () => {
  const { log } = await world.startService(soon)
  await world.query('ALTER TABLE orders RENAME TO orders_away')
  await until(() => log.of('numbering fails at the database').length > 0)
  await delay(300)
  expect(log.of('numbering fails at the database')).toHaveLength(1)
  await world.query('ALTER TABLE orders_away RENAME TO orders')
  await until(() => log.of('numbering goes on: the database works again').length > 0)
  const { id } = await leaveOrder(world)
  await until(() => numberOf(id))
  await expectNumbersToMatch(world)
})

test('an idle service stops at once, however long its interval', async () => {
  const took: number[] = []
  // A machine that is busy with other work may pause during one.
  while (took.length < 3 && !took.some((ms) => ms < 2_000)) {
    const { stop } = await world.startService({ ORDER_SERVICE_NUMBERING_INTERVAL_MS: '5000' })
    const startedAt = performance.now()
    await stop()
    took.push(performance.now() - startedAt)
  }
  expect(Math.min(...took)).toBeLessThan(2_000)
})
