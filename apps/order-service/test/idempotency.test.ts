import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { failing } from './stub'
import {
  anOrder,
  countUnnumbered,
  createWorld,
  expectNumbersToMatch,
  leaveOrder,
  longCalls,
  until,
  type Instance,
  type World,
} from './world'

let world: World
let service: Instance

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

beforeEach(async () => {
  world = await createWorld()
  service = await world.startService({
    ...longCalls,
    API_KEYS: `shop:${sha256('key-of-the-shop')},till:${sha256('key-of-the-till')}`,
  })
})
afterEach(() => world.end())

const place = (key: string | undefined, order: object = anOrder, headers = {}) =>
  service.api.post('/api/v1/orders', order, {
    headers: { ...(key !== undefined && { 'idempotency-key': key }), ...headers },
  })

test('a repeated request gets the answer that it got, and places nothing', async () => {
  const first = await place('k')
  const asked = world.userService.seen.length
  await world.userService.stop()
  const again = await place('k')
  expect(again.status).toBe(201)
  expect(again.body).toEqual(first.body)
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  for (const name of ['location', 'etag']) expect(again.headers.get(name)).toBe(first.headers.get(name))
  expect(world.userService.seen).toHaveLength(asked)
  expect(world.sequencer.seen).toHaveLength(1)
  expect(await world.query('SELECT id FROM orders')).toHaveLength(1)
})

test('it gets that answer although the order has changed, or is deleted', async () => {
  const first = await place('k')
  await service.api.patch(`/api/v1/orders/${first.body.id}`, { status: 'confirmed' })
  expect((await place('k')).body).toEqual(first.body)
  await service.api.delete(`/api/v1/orders/${first.body.id}`)
  expect((await place('k')).body).toEqual(first.body)
})

test('an answer without a number is given again without it; the order has its number', async () => {
  await world.sequencer.stop()
  const first = await place('k')
  expect(first.body.order_number).toBeNull()
  await world.sequencer.restart()
  await until(async () => (await countUnnumbered(world)) === 0)
  expect((await place('k')).body).toEqual(first.body)
  expect((await service.api.get(first.headers.get('location')!)).body.order_number).toBe('ORD-1')
})

test('the same request may be written in other words', async () => {
  const first = await place('k', { ...anOrder, total_price: 99.9 })
  const again = await place('"k"', { totalPrice: 99.9, quantity: 2, productId: ' PROD-123 ', userId: 1 })
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  expect(again.body).toEqual(first.body)
})

test.each([{ user_id: 2 }, { product_id: 'PROD-124' }, { quantity: 3 }, { total_price: 99.98 }])(
  'the same key with %j in place of what it was used for is refused',
  async (other) => {
    await place('k')
    const { status, body } = await place('k', { ...anOrder, ...other })
    expect([status, body.code]).toEqual([422, 'idempotency_key_reused'])
    expect(await world.query('SELECT id FROM orders')).toHaveLength(1)
  },
)

test('a retry while the first request is under way is 409, and later gets its answer', async () => {
  const answer = world.sequencer.holdAnswers()
  const first = place('k')
  await until(() => world.sequencer.seen.length === 1)
  const second = await place('k')
  expect([second.status, second.body.code]).toEqual([409, 'idempotency_key_in_use'])
  expect(second.headers.get('retry-after')).toBe('1')
  answer()
  const { body } = await first
  const third = await place('k')
  expect(third.body).toEqual(body)
  expect(third.headers.get('idempotency-replayed')).toBe('true')
})

test('of twenty requests at once with one key, one places the order', async () => {
  for (let round = 0; round < 5; round += 1) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => place(`k${round}`)))
    const placed = answers.filter(
      ({ status, headers }) => status === 201 && !headers.has('idempotency-replayed'),
    )
    expect(placed).toHaveLength(1)
    for (const { status, body } of answers) {
      if (status === 201) expect(body).toEqual(placed[0]!.body)
      else expect([status, body.code]).toEqual([409, 'idempotency_key_in_use'])
    }
    expect((await place(`k${round}`)).body).toEqual(placed[0]!.body)
  }
  expect(await world.query('SELECT id FROM orders')).toHaveLength(5)
  await expectNumbersToMatch(world)
})

test('of 1,000 requests at once to two instances, with 50 keys used 20 times each, 50 place an order and 950 are replays', async () => {
  const instances = [service, await world.startService()]
  async function placeUntilAnswered(n: number) {
    const options = { headers: { 'idempotency-key': `k${n % 50}` } }
    for (;;) {
      const answer = await instances[n % 2]!.api.post('/api/v1/orders', anOrder, options)
      if (answer.status !== 409) return answer
      await delay(Number(answer.headers.get('retry-after')) * 1_000)
    }
  }
  const answers = await Promise.all(Array.from({ length: 1_000 }, (_, n) => placeUntilAnswered(n)))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
  const placed = answers.filter(({ headers }) => !headers.has('idempotency-replayed'))
  expect([placed.length, answers.length - placed.length]).toEqual([50, 950])
  for (const [n, { body }] of answers.entries()) expect(body).toEqual(answers[n % 50]!.body)
  const orders = await world.query<{ reference: string }>('SELECT reference FROM orders')
  expect(new Set(orders.map(({ reference }) => reference))).toEqual(
    new Set(placed.map(({ body }) => body.reference)),
  )
  expect(orders).toHaveLength(50)
  expect(world.sequencer.issued.size).toBe(50)
  await expectNumbersToMatch(world)
})

test('keys belong to their caller', async () => {
  const answers = [
    await place('k'),
    await place('k', { ...anOrder, quantity: 7 }, { 'x-api-key': 'key-of-the-shop' }),
    await place('k', { ...anOrder, quantity: 9 }, { 'x-api-key': 'key-of-the-till' }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(3)
})

test('without a key, the same request places one order after the other', async () => {
  const ids = [await place(undefined), await place(undefined)].map(({ body }) => body.id)
  expect(new Set(ids).size).toBe(2)
})

test.each([
  ['no characters', ''],
  ['no characters in quotes', '""'],
  ['256 characters', 'k'.repeat(256)],
  ['a space', 'a b'],
  ['a letter outside of ASCII', 'k\u00e9'],
])('a key with %s is refused', async (_what, key) => {
  const { status, body } = await place(key)
  expect([status, body.code]).toEqual([400, 'invalid_idempotency_key'])
})

test('a key may have 255 characters', async () => {
  expect((await place('k'.repeat(255))).status).toBe(201)
})

test('a refused request is not remembered: what it lacked may have come', async () => {
  expect((await place('k', { ...anOrder, user_id: 6 })).status).toBe(422)
  world.userService.users.set(6, { id: 6, email: 'u6@example.com', active: true })
  expect((await place('k', { ...anOrder, user_id: 6 })).status).toBe(201)
})

test('a retry finishes what a crashed process began, without asking for the user again', async () => {
  const left = await leaveOrder(world, { key: 'k', leasedSeconds: 600 })
  const early = await place('k')
  expect([early.status, early.body.code]).toEqual([409, 'idempotency_key_in_use'])
  await world.userService.stop()
  // Its lease ends.
  await world.query('UPDATE idempotency_records SET leased_until = now()')
  const answer = await place('k')
  expect(answer.status).toBe(201)
  expect(answer.body).toMatchObject({ ...left, order_number: 'ORD-1' })
  expect(answer.headers.has('idempotency-replayed')).toBe(false)
  expect((await place('k')).body).toEqual(answer.body)
  await expectNumbersToMatch(world)
})

test('a retry finds the number that numbering has written meanwhile', async () => {
  const left = await leaveOrder(world, { key: 'k' })
  await until(async () => (await countUnnumbered(world)) === 0)
  const { status, body } = await place('k')
  expect(status).toBe(201)
  expect(body).toMatchObject({ ...left, order_number: 'ORD-1' })
  expect(world.sequencer.seen).toHaveLength(1)
})

test('a request whose lease ended before it did gets the answer of the one that took over', async () => {
  const answer = world.sequencer.holdAnswers()
  const first = place('k')
  await until(() => world.sequencer.seen.length === 1)
  await world.query('UPDATE idempotency_records SET leased_until = now()')
  world.sequencer.mood = failing(500)
  const second = await place('k')
  expect([second.status, second.body.order_number]).toEqual([201, null])
  answer()
  expect((await first).body).toEqual(second.body)
  expect((await place('k')).body).toEqual(second.body)
  expect((await service.api.get(second.headers.get('location')!)).body.order_number).toBe('ORD-1')
})

test('a retry that cannot read the order leaves its lease to the next one', async () => {
  const left = await leaveOrder(world, { key: 'k' })
  await world.query('ALTER TABLE orders RENAME TO orders_out_of_reach')
  const failed = await place('k')
  await world.query('ALTER TABLE orders_out_of_reach RENAME TO orders')
  expect(failed.status).toBe(500)
  const { status, body } = await place('k')
  expect(status).toBe(201)
  expect(body).toMatchObject({ ...left, order_number: 'ORD-1' })
})

test('a retry of what a crashed process began may come to another instance, many times at once', async () => {
  await leaveOrder(world, { key: 'k' })
  const other = await world.startService(longCalls)
  const headers = { 'idempotency-key': 'k' }
  const statuses: number[] = []
  const answer = world.sequencer.holdAnswers()
  const asking = Array.from({ length: 20 }, async (_, n) => {
    const { status } = await (n % 2 ? other : service).api.post('/api/v1/orders', anOrder, { headers })
    statuses.push(status)
  })
  // All but the one that waits for its number.
  await until(() => statuses.length === 19)
  answer()
  await Promise.all(asking)
  expect(statuses).toEqual([...Array<number>(19).fill(409), 201])
  expect((await place('k')).body).toMatchObject({ order_number: 'ORD-1' })
  expect(await world.query('SELECT id FROM orders')).toHaveLength(1)
  await expectNumbersToMatch(world)
})
