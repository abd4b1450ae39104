import { comesToHold } from '@ordinal/testing'
import { Client } from 'pg'
import { createOrderClient, eventsIn, ordersIn, outcomeOf, withKey, type OrderClient } from './order-client'
import {
  anOrder,
  countUnnumbered,
  createWorld,
  expectNumbersToMatch,
  until,
  type Instance,
  type World,
} from './world'

let world: World
let service: Instance
let client: OrderClient

beforeEach(async () => {
  world = await createWorld()
  // What ends in time ends by its caller's time.
  service = await world.startService({ ORDER_SERVICE_CALL_TIMEOUT_MS: '5000' })
  client = createOrderClient(service)
})
afterEach(async () => {
  client.close()
  await world.end()
})

describe('after its deadline a call is not worked on', () => {
  test('an order whose user is not verified in time is refused in time, and not placed later', async () => {
    world.userService.mood = { is: 'slow', ms: 1000 }
    // A pause of a busy machine may be longer than what is kept for the answer: then the client ends the call by itself.
    const late = await until(async () => {
      const answer = await client.create(anOrder, {}, { deadlineMs: 500 })
      return answer.code === 'DEADLINE_EXCEEDED' ? undefined : answer
    })
    expect(outcomeOf(late)).toEqual(['UNAVAILABLE', 'user_service_unavailable'])
    await expectOnlyOrderOf(2)
    expect(world.sequencer.seen).toHaveLength(1)
  })

  test('nor is it placed if its caller goes away', async () => {
    const answer = world.userService.holdAnswers()
    const cancelWhen = until(() => world.userService.seen.length === 1)
    expect((await client.create(anOrder, {}, { cancelWhen })).code).toBe('CANCELLED')
    // The service has learnt of it before the user is there.
    await until(async () => (await world.userService.connections()) === 0)
    answer()
    await expectOnlyOrderOf(2)
  })

  /** A caller that waits is served, after the user service has answered for all users. */
  async function expectOnlyOrderOf(user_id: number) {
    expect((await client.create({ ...anOrder, user_id })).code).toBe('OK')
    expect((await ordersIn(world)).map(({ user_id }) => Number(user_id))).toEqual([user_id])
  }

  test.each([
    ['UpdateOrder', { id: 1, status: 'confirmed' }],
    ['DeleteOrder', { id: 1 }],
  ])('%s, which waits for a lock, changes nothing', async (method, message) => {
    await client.create()
    const admin = new Client(world.database.adminUrl)
    await admin.connect()
    await admin.query('BEGIN')
    await admin.query('SELECT FROM orders WHERE id = 1 FOR UPDATE')
    const waits = () =>
      world.query(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      )
    // One that has got as far as the lock: a pause of a busy machine may end it before.
    const { code } = await until(async () => {
      const calling = client.call(method, message, { deadlineMs: 4_500 })
      const hasWaited = await comesToHold(async () => (await waits()).length === 1, 4_500)
      const answer = await calling
      return hasWaited && answer
    })
    expect(code).toBe('DEADLINE_EXCEEDED')
    // The client ends the call by its own clock: the service may give up a moment later.
    await until(async () => (await waits()).length === 0)
    await admin.query('ROLLBACK')
    await admin.end()
    expect(await client.call('GetOrder', { id: 1 })).toMatchObject({
      code: 'OK',
      body: { order: { status: 'pending', version: 1 } },
    })
    expect(await eventsIn(world)).toHaveLength(1)
  })

  test('an order that exists is answered in time without its number, and numbered all the same', async () => {
    world.sequencer.mood = { is: 'silent' }
    let tries = 0
    // As above, with another order each time.
    const early = await until(async () => {
      const answer = await client.create(anOrder, withKey(`a${(tries += 1)}`), { deadlineMs: 1000 })
      return answer.code === 'DEADLINE_EXCEEDED' ? undefined : answer
    })
    expect([early.code, early.body.order.order_number]).toEqual(['OK', ''])
    world.sequencer.mood = { is: 'well' }
    await until(async () => (await countUnnumbered(world)) === 0)
    const { body } = await client.call('GetOrder', { id: early.body.order.id })
    expect(body.order.order_number).toMatch(/^ORD-\d+$/)
    expect((await client.create(anOrder, withKey(`a${tries}`))).body).toEqual(early.body)
    await expectNumbersToMatch(world)
  })

  test('an order that was committed too late for its caller is found by its key', async () => {
    const admin = new Client(world.database.adminUrl)
    await admin.connect()
    await admin.query('BEGIN; LOCK TABLE idempotency_records IN SHARE MODE')
    const late = await client.create(anOrder, withKey('a'), { deadlineMs: 500 })
    expect(late.code).toBe('DEADLINE_EXCEEDED')
    await admin.query('ROLLBACK')
    await admin.end()
    const again = await until(async () => {
      const answer = await client.create(anOrder, withKey('a'))
      return answer.code === 'OK' && answer
    })
    expect(again.body.order.id).toBe(1)
    await until(async () => (await client.call('GetOrder', { id: 1 })).body.order.order_number === 'ORD-1')
    await expectNumbersToMatch(world)
  })
})
