import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { CloudEvent } from '@ordinal/events'
import { callersOf, startProgram, startTestRedis, withRedis, type TestRedis } from '@ordinal/testing'
import {
  anOrder,
  countUnnumbered,
  createWorld,
  expectNumbersToMatch,
  leaveOrder,
  until,
  type World,
} from './world'

// The order service is killed between every two steps, by SIGKILL, and another one finds what it left.
const nothingCommitted = ['the key is looked up', 'the user is verified']
const orderCommitted = ['the order is committed', 'the number is issued', 'the answer is committed']
// An order that somebody has changed before its number came is completed in a transaction.
const inTransaction = ['the number is written', 'the event is written', 'the answer is written']
const numbering = [
  'orders are claimed',
  'numbers are issued',
  'the number is written',
  'the event is written',
  'numbers are committed',
]
const relay = ['events are claimed', 'events are delivered', 'events are marked']
const consumer = [
  'the confirmation begins',
  'the confirmation is written',
  'the event of the confirmation is written',
  'the confirmation is committed',
]
const consumerOfRedis = [...consumer, 'the event is acknowledged']

const folder = mkdtempSync(join(tmpdir(), 'ordinal-crash-'))
const bundled = (name: string) => join(folder, name, 'main.js')
beforeAll(() => {
  const bundle = (...args: string[]) =>
    execFileSync(process.execPath, ['../../tools/build/src/bundle.mjs', ...args], {
      cwd: join(__dirname, '..'),
    })
  bundle(join(folder, 'production'))
  bundle(join(folder, 'crashing'), '--failpoints')
})
afterAll(() => rmSync(folder, { recursive: true }))

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.end())

/** An order service as a process of its own, which dies at this moment. */
function startCrashing(moment: string, env: Record<string, string> = {}) {
  const program = startProgram([bundled('crashing')], {
    ...world.env,
    ORDER_SERVICE_PORT: '0',
    ORDER_SERVICE_GRPC_PORT: '0',
    ORDER_SERVICE_CALL_TIMEOUT_MS: '5000',
    // It keeps out of the way.
    ORDER_SERVICE_NUMBERING_INTERVAL_MS: '5000',
    FAILPOINT: moment,
    ...env,
  })
  return {
    /** Places an order, with the key `k`; gives the status, or undefined if no answer came. */
    async place(): Promise<number | undefined> {
      const url = `http://127.0.0.1:${await program.port()}/api/v1/orders`
      const headers = { 'content-type': 'application/json', 'idempotency-key': 'k' }
      return fetch(url, { method: 'POST', headers, body: JSON.stringify(anOrder) }).then(
        ({ status }) => status,
        () => undefined,
      )
    },
    async expectKilled(): Promise<void> {
      expect((await program.ended()).signal).toBe('SIGKILL')
    },
  }
}

/** All leases of the killed process end, as they do after a while. */
async function passTime(): Promise<void> {
  await world.query('UPDATE idempotency_records SET leased_until = now()')
  await world.query('UPDATE orders SET numbering_after = now()')
  await world.query('UPDATE outbox SET deliver_after = now() WHERE delivered_at IS NULL')
  await world.query('UPDATE webhook_deliveries SET leased_until = now() WHERE leased_until IS NOT NULL')
}

const storedEvents = async () => {
  const rows = await world.query<{ event: CloudEvent }>('SELECT event FROM outbox ORDER BY position')
  return rows.map(({ event }) => event)
}
const countOrders = async () => (await world.query('SELECT id FROM orders')).length

describe('killed while it places an order', () => {
  const restart = () => world.startService({ ORDER_SERVICE_NUMBERING_INTERVAL_MS: '50' })

  async function crashAt(moment: string): Promise<void> {
    const crashing = startCrashing(moment)
    expect(await crashing.place()).toBeUndefined()
    await crashing.expectKilled()
    expect(await countOrders()).toBe(orderCommitted.includes(moment) ? 1 : 0)
    await passTime()
  }

  /** A retry gets the order, with its number, and its answer is kept. */
  async function expectOneOrder(expected: { status: string; version: number }): Promise<void> {
    const { api } = await restart()
    const retry = () => api.post('/api/v1/orders', anOrder, { headers: { 'idempotency-key': 'k' } })
    const { body } = await until(async () => {
      const answer = await retry()
      return answer.status === 201 && answer
    })
    expect(body).toMatchObject({ order_number: 'ORD-1', ...expected })
    const again = await retry()
    expect([again.body, again.headers.get('idempotency-replayed')]).toEqual([body, 'true'])

    expect(await countOrders()).toBe(1)
    await expectNumbersToMatch(world)
    expect(await storedEvents()).toMatchObject([{ type: 'order.created', data: body }])
  }

  test.each([...nothingCommitted, ...orderCommitted])(
    'when %s: the retry gets one order, one number, one event, and the key replays',
    async (moment) => {
      await crashAt(moment)
      await expectOneOrder({ status: 'pending', version: 1 })
    },
  )

  test.each(inTransaction)(
    'after somebody else cancelled it, when %s: the retry gets one order, one number, one event, and the key replays',
    async (moment) => {
      const answer = world.sequencer.holdAnswers()
      const crashing = startCrashing(moment)
      const placing = crashing.place()
      await until(() => world.sequencer.seen.length === 1)
      await world.query(`UPDATE orders SET status = 'cancelled', version = 2`)
      answer()
      expect(await placing).toBeUndefined()
      await crashing.expectKilled()
      await passTime()
      await expectOneOrder({ status: 'cancelled', version: 2 })
    },
  )

  test.each(orderCommitted)(
    'when %s, and no request comes again: the order gets one number and one event',
    async (moment) => {
      await crashAt(moment)
      await restart()
      await until(async () => (await countUnnumbered(world)) === 0)
      await expectNumbersToMatch(world)
      expect(await storedEvents()).toMatchObject([{ type: 'order.created', data: { order_number: 'ORD-1' } }])
    },
  )
})

test.each(numbering)(
  'killed while it numbers an order later, when %s: one number, one event',
  async (moment) => {
    await leaveOrder(world)
    await startCrashing(moment).expectKilled()
    await passTime()
    await world.startService()
    await until(async () => (await countUnnumbered(world)) === 0)
    await expectNumbersToMatch(world)
    expect(await storedEvents()).toMatchObject([{ type: 'order.created', data: { order_number: 'ORD-1' } }])
  },
)

/** Places an order with a service that dies while it delivers or confirms, and lets another one go on. */
async function confirmInSpiteOf(moment: string, env: Record<string, string>, pass = passTime): Promise<void> {
  const delivering = { ORDER_SERVICE_AUTO_CONFIRM: 'true', ORDER_SERVICE_OUTBOX_POLL_MS: '50', ...env }
  const crashing = startCrashing(moment, delivering)
  // It may die before its answer.
  await crashing.place()
  await crashing.expectKilled()
  await pass()
  await world.startService({ ...delivering, ORDER_SERVICE_NUMBERING_INTERVAL_MS: '50' })
  await until(async () => {
    const [left] = await world.query<{ count: string }>(
      `SELECT (SELECT count(*) FROM orders WHERE status = 'pending')
            + (SELECT count(*) FROM outbox WHERE delivered_at IS NULL) AS count`,
    )
    return left!.count === '0'
  })

  await expectNumbersToMatch(world)
  expect(await world.query('SELECT status, version FROM orders')).toEqual([
    { status: 'confirmed', version: 2 },
  ])
  expect(await storedEvents()).toMatchObject([
    { type: 'order.created', data: { order_number: 'ORD-1', status: 'pending', version: 1 } },
    { type: 'order.updated', data: { order_number: 'ORD-1', status: 'confirmed', version: 2 } },
  ])
}

test.each([...relay, ...consumer])(
  'killed while it delivers in the process, when %s: the order is confirmed once, and its events are in order',
  (moment) => confirmInSpiteOf(moment, {}),
)

const webhooks = ['a delivery is claimed', 'a delivery is made', 'a delivery is settled']

/** Places and changes an order with two services, one of which dies while it delivers to a webhook. */
async function deliverInSpiteOf(moment: string, env: Record<string, string>): Promise<void> {
  const seen: CloudEvent[] = []
  const receiver = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      seen.push(JSON.parse(body) as CloudEvent)
      response.end()
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const { port } = receiver.address() as AddressInfo
  const callers = await callersOf([])
  const by = { headers: callers.admin }
  const more = {
    ORDER_SERVICE_OUTBOX_POLL_MS: '50',
    ORDER_SERVICE_NUMBERING_INTERVAL_MS: '50',
    ORDER_SERVICE_WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1',
    ...callers.env,
    ...env,
  }
  // It places the order; it is not there while the other one dies with the delivery.
  const first = await world.startService(more)
  const wanted = { url: `http://127.0.0.1:${port}/`, event_types: ['order.created', 'order.updated'] }
  await first.api.post('/api/v1/webhooks', { ...wanted, enabled: false }, by)
  const { body: placed } = await first.api.post('/api/v1/orders', anOrder, by)
  for (const status of ['confirmed', 'shipped'])
    await first.api.patch(`/api/v1/orders/${placed.id}`, { status }, by)
  await until(async () => (await world.query('SELECT FROM webhook_deliveries')).length === 3)
  await first.stop()
  await world.query(`UPDATE webhooks SET enabled = true, off_reason = NULL, off_at = NULL`)

  await startCrashing(moment, more).expectKilled()
  await passTime()
  await Promise.all([world.startService(more), world.startService(more)])
  await until(
    async () => (await world.query(`SELECT FROM webhook_deliveries WHERE state = 'delivered'`)).length === 3,
  )
  const firstSeen = [...new Map(seen.map((event) => [event.id, event])).values()]
  expect(firstSeen).toMatchObject([
    { type: 'order.created', data: { status: 'pending' } },
    { type: 'order.updated', data: { status: 'confirmed' } },
    { type: 'order.updated', data: { status: 'shipped' } },
  ])
  // One that was made before the kill and not settled comes again, and no other does.
  expect(seen.length).toBeLessThanOrEqual(moment === 'a delivery is made' ? 4 : 3)
  receiver.closeAllConnections()
  await new Promise((resolve) => receiver.close(resolve))
}

test.each(webhooks)(
  'killed while it delivers to a webhook, when %s: two others deliver the rest, once and in order',
  (moment) => deliverInSpiteOf(moment, {}),
)

withRedis('with Redis', () => {
  let server: TestRedis
  let redis: Redis
  beforeAll(async () => {
    server = await startTestRedis()
    redis = new Redis(server.url)
  })
  afterAll(async () => {
    redis.disconnect()
    await server.remove()
  })

  test.each([...relay, ...consumerOfRedis])(
    'killed while it delivers by Redis Streams, when %s: the order is confirmed once, and its events are in order',
    async (moment) => {
      await redis.flushall()
      await confirmInSpiteOf(moment, { REDIS_URL: server.url }, async () => {
        await passTime()
        await redis.del('orders:events:lease:confirm-orders')
      })
      // An event may be in the stream twice, under the same id; without those that came again, it is the outbox.
      const entries = await redis.xrange('orders:events', '-', '+')
      const delivered = entries.map(([, [, event]]) => (JSON.parse(event!) as CloudEvent).id)
      expect([...new Set(delivered)]).toEqual((await storedEvents()).map(({ id }) => id))
    },
  )

  test.each(webhooks)(
    'killed while it delivers to a webhook, when %s, and events go by Redis Streams: two others deliver the rest, once and in order',
    async (moment) => {
      await redis.flushall()
      await deliverInSpiteOf(moment, { REDIS_URL: server.url })
    },
  )
})

test('every failpoint is one at which it was killed here, and the bundle for production has none', () => {
  // The bundler breaks long lines, also in the middle of a text.
  const textOf = (name: string) => readFileSync(bundled(name), 'utf8').replaceAll('\\\n', '')
  const failpoints = [...textOf('crashing').matchAll(/crashAt\(\s*"([^"]+)"/g)].map(([, moment]) => moment)
  expect(new Set(failpoints)).toEqual(
    new Set([
      ...nothingCommitted,
      ...orderCommitted,
      ...inTransaction,
      ...numbering,
      ...relay,
      ...consumerOfRedis,
      ...webhooks,
    ]),
  )
  expect(textOf('production')).not.toMatch(/crashAt|FAILPOINT|SIGKILL/)
})
