import { Client } from 'pg'
import { createOrderClient, eventsIn, ordersIn, withKey, type OrderClient } from './order-client'
import { anOrder, createWorld, expectNumbersToMatch, until, type Instance, type World } from './world'

let world: World
let service: Instance
let client: OrderClient

beforeEach(async () => {
  world = await createWorld()
  service = await world.startService()
  client = createOrderClient(service)
})
afterEach(async () => {
  client.close()
  await world.end()
})

describe('after its deadline a call is not worked on', () => {
  test('an order whose user is told too late is not placed, and no number is asked for', async () => {
    world.userService.mood = { is: 'slow', ms: 400 }
    const late = await client.create(anOrder, {}, { deadlineMs: 150 })
    expect(late.code).toBe('DEADLINE_EXCEEDED')
    // In its time the user service told, and nothing came of it: one who waits is served all the while.
    expect((await client.create({ ...anOrder, user_id: 2 })).code).toBe('OK')
    expect((await ordersIn(world)).map(({ user_id }) => user_id)).toEqual(['2'])
    expect(world.sequencer.seen).toHaveLength(1)
  })

  test('nor if its caller goes away', async () => {
    world.userService.mood = { is: 'slow', ms: 400 }
    const left = await client.create(anOrder, {}, { cancelAfterMs: 150 })
    expect(left.code).toBe('CANCELLED')
    expect((await client.create({ ...anOrder, user_id: 2 })).code).toBe('OK')
    expect((await ordersIn(world)).map(({ user_id }) => user_id)).toEqual(['2'])
  })

  test.each([
    ['UpdateOrder', { id: 1, status: 'confirmed' }],
    ['DeleteOrder', { id: 1 }],
  ])('%s, which waits for a lock, changes nothing', async (method, message) => {
    await client.create()
    const admin = new Client(world.database.adminUrl)
    await admin.connect()
    await admin.query('BEGIN')
    await admin.query('SELECT FROM orders WHERE id = 1 FOR UPDATE')
    const waits = () => world.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    const late = await client.call(method, message, { deadlineMs: 200 })
    expect(late.code).toBe('DEADLINE_EXCEEDED')
    // It did get as far as the lock.
    expect(await waits()).toHaveLength(1)
    await admin.query('ROLLBACK')
    await admin.end()
    await until(async () => (await waits()).length === 0)
    expect((await client.call('GetOrder', { id: 1 })).body.order).toMatchObject({
      status: 'pending',
      version: 1,
    })
    expect(await eventsIn(world)).toHaveLength(1)
  })

  test('an order that exists is finished all the same, and the key finds it', async () => {
    world.sequencer.mood = { is: 'slow', ms: 400 }
    const late = await client.create(anOrder, withKey('a'), { deadlineMs: 200 })
    expect(late.code).toBe('DEADLINE_EXCEEDED')
    const again = await until(async () => {
      const answer = await client.create(anOrder, withKey('a'))
      return answer.code === 'OK' && answer
    })
    expect(again.body.order.id).toBe(1)
    await until(async () => (await client.call('GetOrder', { id: 1 })).body.order.order_number === 'ORD-1')
    await expectNumbersToMatch(world)
  })
})
