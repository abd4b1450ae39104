import { createCutProxy, type CutMoment, type CutProxy } from '@ordinal/testing'
import {
  anOrder,
  countUnnumbered,
  createWorld,
  expectNumbersToMatch,
  leaveOrder,
  until,
  type Instance,
  type World,
} from './world'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.end())

describe('when the connection to the database is cut', () => {
  let proxy: CutProxy
  let service: Instance
  let env: Record<string, string>

  beforeEach(async () => {
    const url = new URL(world.database.url)
    proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
    url.port = String(proxy.port)
    // Numbering keeps out of the way: it would commit as well.
    env = { ORDER_SERVICE_DATABASE_URL: url.href, ORDER_SERVICE_NUMBERING_INTERVAL_MS: '5000' }
    service = await world.startService(env)
  })
  afterEach(() => proxy.close())

  const place = (key = 'k') =>
    service.api.post('/api/v1/orders', anOrder, { headers: { 'idempotency-key': key } })

  test.each<CutMoment>(['before', 'after', 'midway'])(
    '%s the commit of an order, the answer is outcome_unknown, and a retry with the key places it once',
    async (moment) => {
      await place('another')
      proxy.cutAt('commit_intents', moment)
      const lost = await place()
      expect(proxy.cuts).toBe(1)
      expect([lost.status, lost.body.code]).toEqual([503, 'outcome_unknown'])
      expect(lost.headers.get('retry-after')).toBe('1')
      expect(await world.query('SELECT id FROM orders')).toHaveLength(moment === 'before' ? 1 : 2)

      const again = await place()
      expect(again.status).toBe(201)
      expect(again.body.order_number).toBe('ORD-2')
      expect((await place()).body).toEqual(again.body)
      expect(await world.query('SELECT id FROM orders')).toHaveLength(2)
      await expectNumbersToMatch(world)
    },
  )

  test('without a word while an order is committed, the answer is outcome_unknown, in time', async () => {
    await place('another')
    proxy.cutAt('commit_intents', 'silence')
    const startedAt = performance.now()
    expect((await place()).body.code).toBe('outcome_unknown')
    expect(performance.now() - startedAt).toBeLessThan(12_000)
    expect((await place()).status).toBe(201)
    expect(await world.query('SELECT id FROM orders')).toHaveLength(2)
    await expectNumbersToMatch(world)
  })

  test.each<[CutMoment, string, string]>([
    ['before', 'commit_conclusions', 'pending'],
    ['after', 'commit_conclusions', 'pending'],
    // Changed by somebody else meanwhile, so that its number is written in a transaction.
    ['before', 'COMMIT', 'cancelled'],
    ['after', 'COMMIT', 'cancelled'],
  ])(
    '%s the commit of its number (%s), the outcome is unknown to who has a key, and each retry gets one and the same answer',
    async (moment, commit, status) => {
      await place('another')
      const answer = world.sequencer.holdAnswers()
      const placing = place()
      await until(() => world.sequencer.seen.length === 2)
      if (status !== 'pending')
        await world.query(`UPDATE orders SET status = $1, version = 2 WHERE order_number IS NULL`, [status])
      proxy.cutAt(commit, moment)
      answer()
      const lost = await placing
      expect(proxy.cuts).toBe(1)
      expect([lost.status, lost.body.code]).toEqual([503, 'outcome_unknown'])
      expect(lost.headers.get('retry-after')).toBe('1')
      expect(service.log.of('an order was placed without its number being written')).toHaveLength(1)

      const again = await place()
      expect(again.status).toBe(201)
      expect(again.body).toMatchObject({ order_number: 'ORD-2', status })
      const third = await place()
      expect([third.body, third.headers.get('idempotency-replayed')]).toEqual([again.body, 'true'])
      expect(await world.query('SELECT id FROM orders')).toHaveLength(2)
      await expectNumbersToMatch(world)
    },
  )

  test('before the commit of its number and again when its lease is given back, a retry need not wait for its end', async () => {
    // The lease is longer than the test.
    service = await world.startService({ ...env, ORDER_SERVICE_CALL_TIMEOUT_MS: '60000' })
    proxy.cutAt('UPDATE idempotency_records', 'before', 2)
    const lost = await place()
    expect([lost.status, lost.body.code, proxy.cuts]).toEqual([503, 'outcome_unknown', 2])
    const again = await until(async () => {
      const tried = await place()
      return tried.body.code !== 'idempotency_key_in_use' && tried
    })
    expect([again.status, again.body.order_number]).toEqual([201, 'ORD-1'])
    expect(await world.query('SELECT id FROM orders')).toHaveLength(1)
    await expectNumbersToMatch(world)
  })

  test('without a key an order is taken all the same, and numbered later: a 503 would have it placed twice', async () => {
    const answer = world.sequencer.holdAnswers()
    const placing = service.api.post('/api/v1/orders', anOrder)
    await until(() => world.sequencer.seen.length === 1)
    proxy.cutAt('commit_conclusions', 'before')
    answer()
    const { status, body } = await placing
    expect(proxy.cuts).toBe(1)
    expect([status, body.order_number]).toEqual([201, null])
    // The lease of the request ends.
    await world.query('UPDATE orders SET numbering_after = now() WHERE order_number IS NULL')
    await until(async () => (await countUnnumbered(world)) === 0)
    await expectNumbersToMatch(world)
  })
})

test('what a killed process left without a number is numbered by the next, deleted and cancelled orders too', async () => {
  const [plain, cancelled, deleted] = [
    await leaveOrder(world),
    await leaveOrder(world),
    await leaveOrder(world),
  ]
  await world.query(`UPDATE orders SET status = 'cancelled' WHERE id = $1`, [cancelled.id])
  await world.query('UPDATE orders SET deleted_at = now() WHERE id = $1', [deleted.id])
  const { api } = await world.startService()
  await until(async () => (await countUnnumbered(world)) === 0)
  await expectNumbersToMatch(world)
  expect((await api.get(`/api/v1/orders/${plain.id}`)).body).toMatchObject({
    order_number: 'ORD-1',
    version: 1,
  })
  expect((await api.get(`/api/v1/orders/${deleted.id}`)).status).toBe(404)
})

test('an order whose number was issued to a killed process gets that number', async () => {
  const first = await world.startService()
  world.sequencer.mood = { is: 'losing' }
  const { body } = await first.api.post('/api/v1/orders', anOrder)
  expect(body.order_number).toBeNull()
  await first.stop()
  await leaveOrder(world)
  world.sequencer.mood = { is: 'well' }
  const second = await world.startService()
  await until(async () => (await countUnnumbered(world)) === 0)
  expect((await second.api.get(`/api/v1/orders/${body.id}`)).body.order_number).toBe('ORD-1')
  await expectNumbersToMatch(world)
})

test('a service that is stopped while it asks for a number ends in time, and loses no order', async () => {
  const first = await world.startService({ SHUTDOWN_TIMEOUT: '1', ORDER_SERVICE_CALL_TIMEOUT_MS: '60000' })
  world.sequencer.mood = { is: 'silent' }
  await leaveOrder(world)
  const placing = first.api.post('/api/v1/orders', anOrder).catch(() => 'cut off')
  await until(() => world.sequencer.seen.length === 2)
  const startedAt = performance.now()
  await first.stop()
  // Far less than the minute of the call, however busy the machine is.
  expect(performance.now() - startedAt).toBeLessThan(30_000)
  await placing
  await world.query('UPDATE orders SET numbering_after = now()')
  world.sequencer.mood = { is: 'well' }
  await world.startService()
  await until(async () => (await countUnnumbered(world)) === 0)
  expect(await world.query('SELECT id FROM orders')).toHaveLength(2)
  await expectNumbersToMatch(world)
})

test('two instances that place and number at once give each order one number, and ask once for each', async () => {
  await Promise.all(Array.from({ length: 300 }, () => leaveOrder(world)))
  const env = { ORDER_SERVICE_NUMBERING_INTERVAL_MS: '10', ORDER_SERVICE_CALL_TIMEOUT_MS: '30000' }
  const instances = [await world.startService(env), await world.startService(env)]
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, n) => instances[n % 2]!.api.post('/api/v1/orders', anOrder)),
  )
  expect(answers.every(({ status, body }) => status === 201 && body.order_number !== null)).toBe(true)
  await until(async () => (await countUnnumbered(world)) === 0)
  await expectNumbersToMatch(world)
  expect(world.sequencer.issued.size).toBe(400)
  // The leases held: nobody asked for an order that another was at.
  expect(world.sequencer.asked()).toHaveLength(400)
  const numbered = await Promise.all(
    instances.map(({ metric }) => metric('order_service_orders_numbered_later_total')),
  )
  expect(numbered[0]! + numbered[1]!).toBe(300)
})
