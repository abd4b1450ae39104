import { createHash } from 'node:crypto'
import type { GrpcAnswer } from '@ordinal/testing'
import { createOrderClient, eventsIn, ordersIn, outcomeOf, withKey, type OrderClient } from './order-client'
import {
  anOrder,
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
let client: OrderClient

beforeEach(async () => {
  world = await createWorld()
  const digest = createHash('sha256').update('key-of-the-shop').digest('hex')
  service = await world.startService({ ...longCalls, API_KEYS: `shop:${digest}` })
  client = createOrderClient(service)
})
afterEach(async () => {
  client.close()
  await world.end()
})

describe('by REST and by gRPC, the same comes of the same', () => {
  interface Way {
    /** Gives the code of an error, if there was one. */
    place: (order: object, key?: string) => Promise<string | undefined>
    update: (id: number, status: string, version?: number) => Promise<string | undefined>
    remove: (id: number, version?: number) => Promise<string | undefined>
  }
  const refusalOf = (answer: GrpcAnswer) => answer.trailers['ordinal-error-code'] as string | undefined
  const grpc: Way = {
    place: async (order, key) => refusalOf(await client.create(order, key === undefined ? {} : withKey(key))),
    update: async (id, status, version = 0) =>
      refusalOf(await client.call('UpdateOrder', { id, status, version })),
    remove: async (id, version = 0) => refusalOf(await client.call('DeleteOrder', { id, version })),
  }
  const codeOf = ({ body }: { body: { code?: string } }) => body.code
  const ifMatch = (version?: number): { headers: Record<string, string> } => ({
    headers: version === undefined ? {} : { 'if-match': `"${version}"` },
  })
  const rest: Way = {
    place: async (order, key) =>
      codeOf(
        await service.api.post('/api/v1/orders', order, {
          headers: key === undefined ? {} : { 'idempotency-key': key },
        }),
      ),
    update: async (id, status, version) =>
      codeOf(await service.api.patch(`/api/v1/orders/${id}`, { status }, ifMatch(version))),
    remove: async (id, version) => codeOf(await service.api.delete(`/api/v1/orders/${id}`, ifMatch(version))),
  }

  async function play({ place, update, remove }: Way) {
    return [
      await place(anOrder, 'a'),
      await place(anOrder, 'a'),
      await place({ ...anOrder, quantity: 3 }, 'a'),
      await place({ user_id: 2, product_id: ' Bücher 書 ', quantity: 1_000_000, total_price: 8.95 }),
      await place({ ...anOrder, total_price: 9_999_999_999.99 }, 'b'),
      await place({ ...anOrder, total_price: 0 }),
      await place({ ...anOrder, user_id: 99 }, 'c'),
      await place({ ...anOrder, user_id: 5 }, 'c'),
      await place({ ...anOrder, user_id: 4 }, 'c'),
      await place({ ...anOrder, total_price: 1.005 }),
      await update(1, 'delivered'),
      await update(1, 'confirmed', 1),
      await update(1, 'confirmed', 1),
      await update(1, 'shipped', 2),
      await update(2, 'cancelled'),
      await update(2, 'confirmed'),
      await update(77, 'confirmed'),
      await remove(3, 9),
      await remove(3, 1),
      await remove(3),
      await place({ ...anOrder, total_price: 9_999_999_999.99 }, 'b'),
    ]
  }

  /** All that is stored but moments and what is made at random. */
  async function stored() {
    const orders = (await ordersIn(world)).map(
      ({ reference, created_at, updated_at, deleted_at, numbering_after, ...order }) => {
        void [reference, created_at, updated_at, numbering_after]
        return { ...order, deleted: deleted_at !== null }
      },
    )
    const events = (await eventsIn(world)).map(({ type, data }) => {
      const { reference, created_at, updated_at, ...order } = data
      void [reference, created_at, updated_at]
      return { type, order }
    })
    const keys = await world.query<Record<string, unknown>>(
      `SELECT caller, key, fingerprint, resource_id, answer->>'order_number' AS number
       FROM idempotency_records ORDER BY key`,
    )
    return { orders, events, keys }
  }

  test('rows, events, keys, and the codes of errors', async () => {
    const byRest = { codes: await play(rest), ...(await stored()) }
    expect(byRest.orders).toHaveLength(5)
    expect(byRest.events).toHaveLength(9)
    expect(byRest.codes.filter(Boolean)).toHaveLength(10)
    await expectNumbersToMatch(world)

    client.close()
    await world.end()
    world = await createWorld()
    service = await world.startService()
    client = createOrderClient(service)
    expect({ codes: await play(grpc), ...(await stored()) }).toEqual(byRest)
    await expectNumbersToMatch(world)
  })
})

describe('a key', () => {
  const byRest = (key: string, order: object = anOrder, headers = {}) =>
    service.api.post('/api/v1/orders', order, { headers: { 'idempotency-key': key, ...headers } })

  test('gets the same answer over gRPC and over REST, in whichever it came first', async () => {
    const first = await client.create(anOrder, withKey('a'))
    const again = await byRest('a')
    expect(again.body).toEqual(first.body.order)
    expect(again.headers.get('idempotency-replayed')).toBe('true')

    const { body } = await byRest('b')
    for (const metadata of [withKey('b'), { 'idempotency-key': '"b"' }]) {
      const replayed = await client.create(anOrder, metadata)
      expect(replayed.body.order).toEqual(body)
      expect(replayed.headers['idempotency-replayed']).toBe('true')
    }
    expect(await ordersIn(world)).toHaveLength(2)
    expect(await eventsIn(world)).toHaveLength(2)
  })

  test('gets that answer although the order has changed, or is deleted', async () => {
    const first = await client.create(anOrder, withKey('a'))
    await client.call('UpdateOrder', { id: 1, status: 'confirmed' })
    expect((await client.create(anOrder, withKey('a'))).body).toEqual(first.body)
    await client.call('DeleteOrder', { id: 1 })
    expect((await client.create(anOrder, withKey('a'))).body).toEqual(first.body)
  })

  test('goes with one request, by whichever way that comes', async () => {
    await byRest('a')
    const other = await client.create({ ...anOrder, quantity: 3 }, withKey('a'))
    expect(outcomeOf(other)).toEqual(['FAILED_PRECONDITION', 'idempotency_key_reused'])
    await client.create(anOrder, withKey('b'))
    expect((await byRest('b', { ...anOrder, user_id: 2 })).body.code).toBe('idempotency_key_reused')
    expect(await ordersIn(world)).toHaveLength(2)
  })

  test('whose request is under way by REST is refused as in use', async () => {
    const answer = world.sequencer.holdAnswers()
    const first = byRest('a')
    await until(() => world.sequencer.seen.length === 1)
    const second = await client.create(anOrder, withKey('a'))
    expect(outcomeOf(second)).toEqual(['ABORTED', 'idempotency_key_in_use'])
    expect(second.trailers['retry-after']).toBe('1')
    answer()
    const { body } = await first
    expect((await client.create(anOrder, withKey('a'))).body.order).toEqual(body)
  })

  test('that comes a hundred times at once, half of them over REST, is one order', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => [
        client
          .create(anOrder, withKey('a'))
          .then(({ code, body }) => (code === 'OK' ? body.order : code) as unknown),
        byRest('a').then(({ status, body }) => (status === 201 ? body : 'ABORTED') as unknown),
      ]).flat(),
    )
    const placed = answers.filter((answer) => answer !== 'ABORTED')
    expect(placed.length).toBeGreaterThan(0)
    const { body } = await client.create(anOrder, withKey('a'))
    for (const order of placed) expect(order).toEqual(body.order)
    expect(await ordersIn(world)).toHaveLength(1)
    expect(await eventsIn(world)).toHaveLength(1)
    await expectNumbersToMatch(world)
  })

  test('belongs to its caller', async () => {
    const apiKey = { 'x-api-key': 'key-of-the-shop' }
    await client.create(anOrder, withKey('a'))
    const shop = await client.create({ ...anOrder, quantity: 7 }, { ...withKey('a'), ...apiKey })
    expect(shop.body.order.id).toBe(2)
    const again = await byRest('a', { ...anOrder, quantity: 7 }, apiKey)
    expect(again.body).toEqual(shop.body.order)
  })

  test('over gRPC finishes what a process began over REST, and died', async () => {
    const left = await leaveOrder(world, { key: 'a' })
    const answer = await until(async () => {
      const answer = await client.create(anOrder, withKey('a'))
      return answer.code === 'OK' && answer
    })
    expect(answer.body.order).toMatchObject({ ...left, order_number: 'ORD-1' })
    await expectNumbersToMatch(world)
  })

  test.each([['a b'], ['k'.repeat(256)]])('%s is refused', async (key) => {
    expect(outcomeOf(await client.create(anOrder, withKey(key)))).toEqual([
      'INVALID_ARGUMENT',
      'invalid_idempotency_key',
    ])
    expect(await ordersIn(world)).toEqual([])
  })
})
