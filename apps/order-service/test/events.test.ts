import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HTTP, type CloudEvent } from 'cloudevents'
import { parseConfig } from '@ordinal/config'
import { startTestRedis, withRedis, type TestRedis } from '@ordinal/testing'
import { orderServiceConfig } from '../src/config'
import { listDeadLetters, replayDeadLetters } from '../src/events/dead-letters'
import { anOrder, createWorld, leaveOrder, until, type Instance, type World } from './world'

interface StoredEvent {
  id: string
  type: string
  source: string
  subject: string
  time: string
  traceparent?: string
  data: { version: number; status: string; order_number: string | null }
}

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.end())

const eventsOf = async (reference?: string) => {
  const rows = await world.query<{ event: StoredEvent }>(
    'SELECT event FROM outbox WHERE $1::text IS NULL OR subject = $1 ORDER BY position',
    [reference ?? null],
  )
  return rows.map(({ event }) => event)
}
const historyOf = async (reference?: string) =>
  (await eventsOf(reference)).map(({ type, data }) => [type, data.status, data.version])

test('the outbox has the schema that the library of events wants', () => {
  const read = (path: string) => readFileSync(join(__dirname, path), 'utf8')
  const migration = read('../prisma/migrations/20261121000000_init/migration.sql')
  expect(migration).toContain(read('../../../libs/events/schema.sql'))
})

describe('a change of an order publishes an event', () => {
  let service: Instance
  beforeEach(async () => {
    service = await world.startService()
  })

  test('when it is placed, with the order as it was answered, and in the trace of the request', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const { body } = await service.api.post('/api/v1/orders', anOrder, { headers: { traceparent } })
    const [event, ...others] = await eventsOf()
    expect(others).toEqual([])
    expect(event).toMatchObject({
      specversion: '1.0',
      type: 'order.created',
      source: 'urn:ordinal:order-service',
      subject: body.reference,
      datacontenttype: 'application/json',
      data: body,
    })
    expect(event!.traceparent).toContain('0af7651916cd43dd8448eb211c80319c')
  })

  test('when it is changed and when it is deleted, in that order', async () => {
    const { body } = await service.api.post('/api/v1/orders', anOrder)
    const path = `/api/v1/orders/${body.id}`
    await service.api.patch(path, { status: 'confirmed' })
    await service.api.patch(path, { status: 'shipped' })
    await service.api.delete(path)
    expect(await historyOf(body.reference)).toEqual([
      ['order.created', 'pending', 1],
      ['order.updated', 'confirmed', 2],
      ['order.updated', 'shipped', 3],
      ['order.deleted', 'shipped', 3],
    ])
  })

  test('of each type, which the library of CloudEvents takes, and gives back as it was', async () => {
    const { body } = await service.api.post('/api/v1/orders', anOrder)
    await service.api.patch(`/api/v1/orders/${body.id}`, { status: 'confirmed' })
    await service.api.delete(`/api/v1/orders/${body.id}`)
    const events = await eventsOf()
    expect(events.map(({ type }) => type)).toEqual(['order.created', 'order.updated', 'order.deleted'])
    for (const event of events) {
      const read = asCloudEvent(event)
      expect(read.validate()).toBe(true)
      expect(JSON.parse(JSON.stringify(read))).toEqual(event)
      const { source: _, ...incomplete } = event
      expect(() => asCloudEvent(incomplete).validate()).toThrow()
    }
  })

  test('and not when it is refused', async () => {
    const { body } = await service.api.post('/api/v1/orders', anOrder)
    const path = `/api/v1/orders/${body.id}`
    expect((await service.api.patch(path, { status: 'delivered' })).status).toBe(409)
    expect(
      (await service.api.patch(path, { status: 'confirmed' }, { headers: { 'if-match': '"9"' } })).status,
    ).toBe(412)
    expect((await service.api.delete(path, { headers: { 'if-match': '"9"' } })).status).toBe(412)
    expect(await historyOf()).toEqual([['order.created', 'pending', 1]])
  })

  test('one event for each key, however often the request comes', async () => {
    const headers = { 'idempotency-key': 'k' }
    for (let n = 0; n < 5; n += 1) await service.api.post('/api/v1/orders', anOrder, { headers })
    expect(await historyOf()).toEqual([['order.created', 'pending', 1]])
  })

  test('with the change, or not at all: where no event can be written, nothing changes', async () => {
    const { body } = await service.api.post('/api/v1/orders', anOrder)
    const path = `/api/v1/orders/${body.id}`
    await world.query('ALTER TABLE outbox ADD CONSTRAINT none CHECK (false) NOT VALID')
    expect((await service.api.patch(path, { status: 'confirmed' })).status).toBe(500)
    expect((await service.api.delete(path)).status).toBe(500)
    expect((await service.api.get(path)).body).toMatchObject({ status: 'pending', version: 1 })
    const { body: unnumbered } = await service.api.post('/api/v1/orders', anOrder)
    expect(unnumbered.order_number).toBeNull()
    await world.query('ALTER TABLE outbox DROP CONSTRAINT none')
    // The lease of the request ends.
    await world.query('UPDATE orders SET numbering_after = now() WHERE order_number IS NULL')
    await until(async () => (await eventsOf(unnumbered.reference)).length > 0)
    expect(await historyOf(unnumbered.reference)).toEqual([['order.created', 'pending', 1]])
  })
})

test('the first event of an order follows its number, and has all that was changed before', async () => {
  const [cancelled, deleted] = [await leaveOrder(world), await leaveOrder(world)]
  await world.sequencer.stop()
  const { api } = await world.startService()
  expect((await api.patch(`/api/v1/orders/${cancelled.id}`, { status: 'cancelled' })).status).toBe(200)
  expect((await api.delete(`/api/v1/orders/${deleted.id}`)).status).toBe(204)
  expect(await historyOf()).toEqual([])
  await world.sequencer.restart()
  await until(async () => (await eventsOf()).length === 3)
  expect(await historyOf(cancelled.reference)).toEqual([['order.created', 'cancelled', 2]])
  expect(await historyOf(deleted.reference)).toEqual([
    ['order.created', 'pending', 1],
    ['order.deleted', 'pending', 1],
  ])
})

/** As the official library reads it, by https://github.com/cloudevents/sdk-javascript. */
function asCloudEvent(event: object): CloudEvent {
  const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8' }
  return HTTP.toEvent({ headers, body: JSON.stringify(event) }) as CloudEvent
}

const databaseOf = ({ database }: World) => ({ ORDER_SERVICE_DATABASE_URL: database.url })

/** An order is confirmed likewise by either transport. */
function confirms(env: () => Record<string, string>): void {
  const confirming = () => ({
    ORDER_SERVICE_AUTO_CONFIRM: 'true',
    ORDER_SERVICE_OUTBOX_POLL_MS: '100',
    ...env(),
  })

  test('a placed order is answered as pending, and confirmed a moment later', async () => {
    const { api, metric } = await world.startService(confirming())
    const { body } = await api.post('/api/v1/orders', anOrder)
    expect(body).toMatchObject({ status: 'pending', version: 1 })
    const confirmed = await until(async () => {
      const { body: now } = await api.get(`/api/v1/orders/${body.id}`)
      return now.status === 'confirmed' && now
    })
    expect(confirmed.version).toBe(2)
    expect(await historyOf(body.reference)).toEqual([
      ['order.created', 'pending', 1],
      ['order.updated', 'confirmed', 2],
    ])
    await until(async () => (await metric('order_service_outbox_pending')) === 0)
    await until(
      async () => (await metric('order_service_events_handled_total{consumer="confirm-orders"}')) === 1,
    )
  })

  test('never over a cancellation that came first, nor when it is deleted or the event comes again', async () => {
    await world.sequencer.stop()
    const { api, metric } = await world.startService(confirming())
    const orders = []
    for (let n = 0; n < 3; n += 1) orders.push((await api.post('/api/v1/orders', anOrder)).body)
    const [cancelled, deleted, plain] = orders
    await api.patch(`/api/v1/orders/${cancelled.id}`, { status: 'cancelled' })
    await api.delete(`/api/v1/orders/${deleted.id}`)
    await world.sequencer.restart()
    await until(
      async () => (await metric('order_service_events_handled_total{consumer="confirm-orders"}')) === 3,
    )
    await world.query(
      `INSERT INTO outbox (subject, event) SELECT subject, event FROM outbox WHERE event->>'type' = 'order.created'`,
    )
    await until(
      async () => (await metric('order_service_events_handled_total{consumer="confirm-orders"}')) === 6,
    )
    expect((await api.get(`/api/v1/orders/${cancelled.id}`)).body).toMatchObject({
      status: 'cancelled',
      version: 2,
    })
    expect((await api.get(`/api/v1/orders/${plain.id}`)).body).toMatchObject({
      status: 'confirmed',
      version: 2,
    })
    const [row] = await world.query<object>('SELECT status, version FROM orders WHERE id = $1', [deleted.id])
    expect(row).toEqual({ status: 'pending', version: 1 })
  })

  async function linesOf(printed: AsyncIterable<string>) {
    const lines: string[] = []
    for await (const line of printed) lines.push(line)
    return lines
  }

  test('what cannot be confirmed is listed with its reason, and replayed once that is mended', async () => {
    const config = parseConfig(orderServiceConfig, { ...databaseOf(world), ...env() })
    expect(await linesOf(listDeadLetters(config))).toEqual([])
    await world.query(`ALTER TABLE orders ADD CONSTRAINT never CHECK (status <> 'confirmed') NOT VALID`)
    const { api, metric } = await world.startService({ ...confirming(), ORDER_SERVICE_EVENT_ATTEMPTS: '1' })
    const { body } = await api.post('/api/v1/orders', anOrder)
    await until(async () => (await metric('order_service_dead_events')) === 1)
    const dead = JSON.parse((await linesOf(listDeadLetters(config)))[0]!)
    expect(dead).toMatchObject({
      consumer: 'confirm-orders',
      attempts: 1,
      event: { type: 'order.created', subject: body.reference },
    })
    expect(dead.reason).toContain('violates check constraint "never"')

    await world.query('ALTER TABLE orders DROP CONSTRAINT never')
    expect(await linesOf(replayDeadLetters(config))).toEqual(['1 dead letter replayed'])
    await until(async () => (await api.get(`/api/v1/orders/${body.id}`)).body.status === 'confirmed')
    expect(await linesOf(listDeadLetters(config))).toEqual([])
  })

  test('of confirming and cancelling at once, one wins, and the events show which', async () => {
    const { api } = await world.startService(confirming())
    const { api: other } = await world.startService(confirming())
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const { body } = await api.post('/api/v1/orders', anOrder)
        await new Promise((resolve) => setTimeout(resolve, n * 3))
        await other.patch(`/api/v1/orders/${body.id}`, { status: 'cancelled' })
      }),
    )
    await until(async () => {
      const [row] = await world.query<{ count: string }>(
        `SELECT count(*) FROM outbox WHERE delivered_at IS NULL`,
      )
      return row!.count === '0'
    })
    const orders = await world.query<{ reference: string; status: string; version: number }>(
      'SELECT reference, status, version FROM orders',
    )
    for (const { reference, status, version } of orders) {
      expect(status).toBe('cancelled')
      const history = await historyOf(reference)
      expect(history).toHaveLength(version)
      expect(history.map(([, , version]) => version)).toEqual(
        Array.from({ length: version }, (_, n) => n + 1),
      )
      expect(history.at(-1)).toEqual(['order.updated', 'cancelled', version])
    }
  })
}

describe('confirmation in the process', () => confirms(() => ({})))

withRedis('with Redis', () => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startTestRedis()
  })
  afterAll(() => redis.remove())
  let nth = 0
  const env = () => ({ REDIS_URL: redis.url, ORDER_SERVICE_EVENT_STREAM: `orders:${(nth += 1)}` })

  describe('confirmation by Redis Streams', () => {
    let shared: Record<string, string>
    beforeEach(() => {
      shared = env()
    })
    confirms(() => shared)
  })
})
