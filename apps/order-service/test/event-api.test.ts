import Ajv from 'ajv/dist/2020'
import addFormats from 'ajv-formats'
import { Redis } from 'ioredis'
import { callersOf, startTestRedis, withRedis, type TestCallers, type TestRedis } from '@ordinal/testing'
import { anOrder, createWorld, until, type Instance, type World } from './world'

let world: World
let callers: TestCallers
beforeEach(async () => {
  callers = await callersOf([])
  world = await createWorld()
})
afterEach(() => world.end())

const startService = (env: Record<string, string> = {}) => world.startService({ ...callers.env, ...env })
const ask = async (service: Instance, method: string, path: string) =>
  service.api.request({ method, path, headers: callers.admin })

/** Leaves an event that waits for another hour. */
const plant = (subject: string) =>
  world.query(
    `INSERT INTO outbox (subject, event, deliver_after)
     VALUES ($1, json_build_object('id', $1::text, 'type', 'order.updated', 'subject', $1::text), now() + interval '1 hour')`,
    [subject],
  )

test('the events that wait are listed, oldest first and by cursor', async () => {
  const service = await startService()
  for (const subject of ['a', 'b', 'c']) await plant(subject)
  const first = await ask(service, 'GET', '/api/v1/events?page_size=2')
  expect(first.body.data.map(({ event, attempts }: never) => [event, attempts])).toEqual([
    [expect.objectContaining({ subject: 'a', sequence: expect.stringMatching(/^\d{19}$/) }), 0],
    [expect.objectContaining({ subject: 'b' }), 0],
  ])
  const { next_cursor: cursor } = first.body.pagination
  const second = await ask(service, 'GET', `/api/v1/events?page_size=2&cursor=${cursor}`)
  expect(second.body.data).toEqual([expect.objectContaining({ consumer: null })])
  expect(second.body.pagination.next_cursor).toBeNull()
})

test('a dead letter is listed with its reason, replayed once by two at once, and then gone', async () => {
  const service = await startService({ ORDER_SERVICE_AUTO_CONFIRM: 'false' })
  const { body: order } = await service.api.post('/api/v1/orders', anOrder, { headers: callers.operator })
  await world.query(
    `INSERT INTO dead_events (consumer, reason, attempts, event)
     SELECT 'gone-consumer', 'planted', 10, event FROM outbox WHERE subject = $1`,
    [order.reference],
  )
  const list = await ask(service, 'GET', '/api/v1/events/dead-letters')
  expect(list.body).toEqual({
    total: 1,
    pagination: { page_size: 20, next_cursor: null },
    data: [
      {
        id: expect.any(String),
        consumer: 'gone-consumer',
        reason: 'planted',
        attempts: 10,
        died_at: expect.any(String),
        event: expect.objectContaining({ type: 'order.created', subject: order.reference }),
      },
    ],
  })
  const replays = await Promise.all(
    [1, 2].map(() => ask(service, 'POST', '/api/v1/events/dead-letters/replay')),
  )
  expect(replays.map(({ body }) => body.replayed).sort()).toEqual([0, 1])
  expect((await ask(service, 'GET', '/api/v1/events/dead-letters')).body).toMatchObject({
    total: 0,
    data: [],
  })
  const again = await world.query<{ consumer: string }>(
    `SELECT consumer FROM outbox WHERE consumer IS NOT NULL`,
  )
  expect(again).toEqual([{ consumer: 'gone-consumer' }])
})

/** Leaves a dead letter; gives its id. */
async function plantDead(consumer: string, type: string): Promise<string> {
  const [row] = await world.query<{ id: string }>(
    `INSERT INTO dead_events (consumer, reason, attempts, event)
     VALUES ($1, 'planted', 1, json_build_object('id', gen_random_uuid(), 'type', $2::text, 'subject', 'a'))
     RETURNING id::text`,
    [consumer, type],
  )
  return row!.id
}

test('dead letters of a consumer or a type are listed, counted and replayed without the others', async () => {
  const service = await startService()
  await plantDead('billing', 'order.created')
  await plantDead('billing', 'order.deleted')
  const chosen = await plantDead('mail', 'order.created')
  const list = async (query: string) => {
    const { body } = await ask(service, 'GET', `/api/v1/events/dead-letters?${query}`)
    return [body.total, body.data.map(({ consumer }: { consumer: string }) => consumer)]
  }
  const replay = async (body: object) =>
    (await service.api.post('/api/v1/events/dead-letters/replay', body, { headers: callers.admin })).body
  expect(await list('type=order.created')).toEqual([2, ['billing', 'mail']])
  expect(await list('type=order.created&page_size=1')).toEqual([2, ['billing']])
  expect(await list('consumer=billing&type=order.deleted')).toEqual([1, ['billing']])
  for (const id of ['17-0', '0', `${chosen} OR true`]) expect(await replay({ id })).toEqual({ replayed: 0 })
  expect((await replay({ ids: [chosen] })).code).toBe('validation_failed')
  expect(await replay({ id: chosen })).toEqual({ replayed: 1 })
  expect(await list('')).toEqual([2, ['billing', 'billing']])
  expect(await replay({ consumer: 'billing', type: 'order.deleted' })).toEqual({ replayed: 1 })
  expect(await replay({})).toEqual({ replayed: 1 })
  expect(await list('')).toEqual([0, []])
})

/** Leaves so many dead letters. */
const plantMany = (count: number) =>
  world.query(
    `INSERT INTO dead_events (consumer, reason, attempts, event)
     SELECT 'flood', 'planted', 1, json_build_object('id', n::text, 'type', 'order.created', 'subject', 'a')
     FROM generate_series(1, $1::int) AS n`,
    [count],
  )

/** The ids of all dead letters, as a caller reads them who goes on by cursor; the first answer too. */
async function readByCursor(service: Instance, query: string) {
  const ids: string[] = []
  const totals: unknown[] = []
  for (let cursor = ''; ;) {
    const { body } = await ask(service, 'GET', `/api/v1/events/dead-letters?${query}${cursor}`)
    ids.push(...body.data.map(({ id }: { id: string }) => id))
    totals.push(body.total)
    if (body.pagination.next_cursor === null) return { ids, totals }
    cursor = `&cursor=${body.pagination.next_cursor}`
  }
}

test('2,100 dead letters are read by cursor, each once, and counted once', async () => {
  const service = await startService()
  await plantMany(2_100)
  const { ids, totals } = await readByCursor(service, 'page_size=100&consumer=flood')
  expect(new Set(ids).size).toBe(2_100)
  expect([ids.length, totals]).toEqual([2_100, [2_100, ...Array(20).fill(undefined)]])
  const first = await ask(service, 'GET', '/api/v1/events/dead-letters?cursor=0&page_size=1')
  expect(first.body).toEqual({
    data: [expect.objectContaining({ id: ids[0] })],
    pagination: { page_size: 1, next_cursor: expect.any(String) },
  })
  // A cursor goes with its list and with the filter that it was given for.
  const { next_cursor: cursor } = first.body.pagination
  const status = async (path: string) =>
    (await ask(service, 'GET', `/api/v1/events${path}cursor=${cursor}`)).status
  expect(await status('/dead-letters?page_size=2&')).toBe(200)
  expect(await status('/dead-letters?consumer=flood&')).toBe(400)
  expect(await status('?')).toBe(400)
})

test('what waits is counted by type, that of the oldest first, and listed by type', async () => {
  const service = await startService({ ORDER_SERVICE_AUTO_CONFIRM: 'false' })
  for (const subject of ['a', 'b']) await plant(subject)
  await world.query(
    `INSERT INTO outbox (subject, event, deliver_after, created_at)
     VALUES ('c', '{"id":"c","type":"order.deleted","subject":"c","source":"urn:test"}', now() + interval '1 hour', '2026-01-01Z')`,
  )
  await world.query(`UPDATE outbox SET event = jsonb_set(event::jsonb, '{source}', '"urn:test"')::json`)
  expect((await ask(service, 'GET', '/api/v1/events/backlog')).body).toEqual({
    complete: true,
    data: [
      { type: 'order.deleted', source: 'urn:test', waiting: 1, oldest_at: '2026-01-01T00:00:00.000Z' },
      { type: 'order.updated', source: 'urn:test', waiting: 2, oldest_at: expect.any(String) },
    ],
  })
  const first = await ask(service, 'GET', '/api/v1/events?type=order.updated&page_size=1')
  const { next_cursor: cursor } = first.body.pagination
  const second = await ask(service, 'GET', `/api/v1/events?type=order.updated&page_size=1&cursor=${cursor}`)
  expect([first, second].map(({ body }) => body.data[0].event.subject)).toEqual(['a', 'b'])
  // A cursor goes with the filter that it was given for.
  expect((await ask(service, 'GET', `/api/v1/events?cursor=${cursor}`)).status).toBe(400)
})

withRedis('dead letters in Redis', () => {
  let redis: TestRedis
  beforeEach(async () => {
    redis = await startTestRedis()
  })
  afterEach(() => redis.remove())

  test('letters in the table and 1,500 in Redis are one list by cursor', async () => {
    const service = await startService({ REDIS_URL: redis.url })
    await plantMany(10)
    const client = new Redis(redis.url)
    const adding = client.pipeline()
    for (let n = 0; n < 1_500; n += 1)
      adding.xadd('orders:events:dead', '*', 'consumer', 'flood', 'reason', 'planted', 'attempts', 1)
    await adding.exec()
    client.disconnect()
    await until(async () => (await ask(service, 'GET', '/api/v1/events/dead-letters')).status === 200)
    const { ids, totals } = await readByCursor(service, 'page_size=100&consumer=flood')
    expect(new Set(ids).size).toBe(1_510)
    expect([ids.length, totals]).toEqual([1_510, [1_510, ...Array(15).fill(undefined)]])
  })

  test('while it is frozen the answer is 503, and the list is there when it goes on', async () => {
    const service = await startService({ REDIS_URL: redis.url })
    const list = () => ask(service, 'GET', '/api/v1/events/dead-letters')
    await until(async () => (await list()).status === 200)
    redis.freeze()
    const refused = await list()
    redis.thaw()
    expect([refused.status, refused.body.code]).toEqual([503, 'dead_letters_unavailable'])
    await until(async () => (await list()).status === 200)
  })
})

test('/schemas needs no credentials, lists all types, and real events fit theirs', async () => {
  const service = await startService()
  const { body: list } = await service.api.get('/schemas')
  const types = (list.schemas as { type: string }[]).map(({ type }) => type)
  expect(types).toEqual([
    'order.created',
    'order.updated',
    'order.deleted',
    'order.number_conflict',
    'webhook.test',
  ])
  const schemas = new Ajv({ strict: false })
  addFormats(schemas)
  for (const { type, url } of list.schemas as { type: string; url: string }[]) {
    const { status, headers, body } = await service.api.get(url)
    expect([status, headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^application\/schema\+json/),
    ])
    const schema = typeof body === 'string' ? (JSON.parse(body) as object) : (body as object)
    schemas.addSchema(schema, type)
    const etag = headers.get('etag')!
    expect(headers.get('cache-control')).toBe('public, max-age=3600')
    const again = await service.api.get(url, { headers: { 'If-None-Match': etag } })
    expect(again.status).toBe(304)
  }
  const { body: order } = await service.api.post('/api/v1/orders', anOrder, { headers: callers.operator })
  const [row] = await world.query<{ event: object }>('SELECT event FROM outbox WHERE subject = $1', [
    order.reference,
  ])
  const event = { ...row!.event, sequence: '0000000000000000001' }
  expect([schemas.validate('order.created', event), schemas.errors]).toEqual([true, null])
  expect(schemas.validate('order.updated', event)).toBe(false)
  const { data, ...bare } = event as { data?: object }
  expect([data !== undefined, schemas.validate('order.created', bare)]).toEqual([true, false])
  const nothing = await service.api.get('/schemas/order.lost')
  expect([nothing.status, nothing.body.code]).toEqual([404, 'route_not_found'])
})
