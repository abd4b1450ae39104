import { Client } from 'pg'
import { asStatements } from '@ordinal/batching'
import { createPool } from '@ordinal/database'
import type { CloudEvent } from '@ordinal/events'
import { createCutProxy } from '@ordinal/testing'
import { toJsonAsOf } from '../src/domain/order'
import { readOrders } from '../src/numbering/queries'
import { commitConclusions } from '../src/orders/queries'
import {
  anOrder,
  createWorld,
  expectNumbersToMatch,
  leaveOrder,
  until,
  type Instance,
  type World,
} from './world'

// Orders that are placed at the same time are written together. Each of them must fare as if it were alone.

let world: World
let service: Instance
const start = (more = {}) => world.startService({ ORDER_SERVICE_CALL_TIMEOUT_MS: '5000', ...more })
beforeEach(async () => {
  world = await createWorld()
  service = await start()
})
afterEach(() => world.end())

interface Wanted {
  key?: string
  user_id?: number
  product_id?: string
  headers?: Record<string, string>
}

const place = ({ key, user_id = anOrder.user_id, product_id = anOrder.product_id, headers = {} }: Wanted) =>
  service.api.post(
    '/api/v1/orders',
    { ...anOrder, user_id, product_id },
    { headers: { ...headers, ...(key !== undefined && { 'idempotency-key': key }) } },
  )

/** Keeps orders from being stored; gives what lets them through. */
async function holdUp(): Promise<() => Promise<void>> {
  const client = new Client(world.database.adminUrl)
  await client.connect()
  await client.query('BEGIN; LOCK TABLE orders IN EXCLUSIVE MODE')
  return () => client.end()
}

/** At least so many statements that store orders wait for a lock. */
const wait = (count: number) =>
  until(async () => {
    const waiting = await world.query(
      `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO orders%'`,
    )
    return waiting.length >= count
  })

/** Places orders that meet while the first of them is kept from being stored. */
async function placeTogether(wanted: Wanted[]) {
  const letThrough = await holdUp()
  const answerUsers = world.userService.hold()
  const placing = wanted.map(place)
  // All have arrived: with the scrape that says so, there is one more.
  await until(async () => (await service.metric('order_service_requests_in_flight')) > wanted.length)
  answerUsers()
  await wait(1)
  await letThrough()
  return Promise.all(placing)
}

const keys = (count: number) => Array.from({ length: count }, (_, n) => ({ key: `k${n}` }))
const countOf = async (sql: string) => Number((await world.query<{ count: string }>(sql))[0]!.count)

/** Refuses one row, as a constraint would that nobody thought of. */
const refuse = (when: 'INSERT' | 'UPDATE', condition: string) =>
  world.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF ${condition} THEN RAISE EXCEPTION 'refused'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER refuse BEFORE ${when} ON orders FOR EACH ROW EXECUTE FUNCTION refuse()`)

test('they are stored and numbered in few transactions, and each has its own answer, key and trace', async () => {
  const traceOf = (n: number) => (n + 1).toString(16).padStart(32, '0')
  const wanted = keys(60).map(({ key }, n) => ({
    key,
    product_id: `P${n}`,
    headers: { traceparent: `00-${traceOf(n)}-b7ad6b7169203331-01` },
  }))
  const answers = await placeTogether(wanted)
  expect(answers.map(({ status, body }) => [status, body.product_id])).toEqual(
    wanted.map(({ product_id }) => [201, product_id]),
  )
  await expectNumbersToMatch(world)
  expect(await countOf('SELECT count(DISTINCT created_at) FROM orders')).toBeLessThan(30)
  expect(await countOf('SELECT count(DISTINCT xmin::text) FROM orders')).toBeLessThan(30)

  const events = await world.query<{ event: CloudEvent }>('SELECT event FROM outbox ORDER BY position')
  const told = events.map(
    ({ event }) => [event.data, event.traceparent?.slice(3, 35)] as [typeof anOrder, string],
  )
  const byProduct = told.sort(([a], [b]) => Number(a.product_id.slice(1)) - Number(b.product_id.slice(1)))
  expect(byProduct).toEqual(answers.map(({ body }, n) => [body, traceOf(n)]))

  const again = await Promise.all(wanted.map(place))
  expect(again.map(({ body }) => body)).toEqual(answers.map(({ body }) => body))
  expect(again.every(({ headers }) => headers.get('idempotency-replayed') === 'true')).toBe(true)
})

test('with the same key, one order is placed', async () => {
  const answers = await placeTogether(Array.from({ length: 20 }, () => ({ key: 'k' })))
  const placed = answers.filter(({ status }) => status === 201)
  expect(placed.length).toBeGreaterThan(0)
  for (const { body } of placed) expect(body).toEqual(placed[0]!.body)
  const others = answers.filter(({ status }) => status !== 201)
  for (const { status, body } of others) expect([status, body.code]).toEqual([409, 'idempotency_key_in_use'])
  expect(await countOf('SELECT count(*) FROM orders')).toBe(1)
  await expectNumbersToMatch(world)
})

test('with one that the database refuses to store, the others are placed', async () => {
  await refuse('INSERT', `NEW.product_id = 'BAD'`)
  const answers = await placeTogether([...keys(10), { key: 'bad', product_id: 'BAD' }, ...keys(20).slice(10)])
  expect(answers.map(({ status }) => status)).toEqual([...Array(10).fill(201), 500, ...Array(10).fill(201)])
  expect(await countOf('SELECT count(*) FROM orders')).toBe(20)
  expect(await countOf('SELECT count(*) FROM idempotency_records')).toBe(20)
  await expectNumbersToMatch(world)
})

test('with one whose number the database refuses to write, the others have theirs', async () => {
  await refuse('UPDATE', `NEW.product_id = 'BAD' AND NEW.order_number IS NOT NULL`)
  const answers = await placeTogether([...keys(10), { product_id: 'BAD' }, ...keys(20).slice(10)])
  expect(answers.every(({ status }) => status === 201)).toBe(true)
  const unnumbered = answers.flatMap(({ body }, n) => (body.order_number === null ? [n] : []))
  expect(unnumbered).toEqual([10])
  expect(await countOf('SELECT count(*) FROM idempotency_records WHERE answer IS NULL')).toBe(0)
})

test('with one whose number another order has, the others have theirs, and it has the next', async () => {
  const { id } = await leaveOrder(world, { leasedSeconds: 60 })
  await world.query(`UPDATE orders SET order_number = 'ORD-7' WHERE id = $1`, [id])
  const answers = await placeTogether(keys(20))
  expect(answers.every(({ status, body }) => status === 201 && body.order_number !== null)).toBe(true)
  expect(await world.query('SELECT number, reason, held_by_order_id FROM number_conflicts')).toEqual([
    { number: 'ORD-7', reason: 'held_by_another_order', held_by_order_id: String(id) },
  ])
  expect(new Set(answers.map(({ body }) => body.order_number)).size).toBe(20)
  expect(world.sequencer.issued.size).toBe(21)
})

test('with one that has got another number meanwhile, the others have theirs, and it keeps its own', async () => {
  await world.query(`CREATE FUNCTION number() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      NEW.order_number := CASE NEW.product_id WHEN 'ODD' THEN 'OTHER-1' END;
      RETURN NEW;
    END $$;
    CREATE TRIGGER number BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION number()`)
  // The order is taken for one without a number, as by a request that has read it before.
  const answers = await placeTogether([...keys(10), { key: 'odd', product_id: 'ODD' }])
  expect(answers.every(({ status }) => status === 201)).toBe(true)
  expect(answers[10]!.body.order_number).toBe('OTHER-1')
  const numbers = answers.slice(0, 10).map(({ body }) => body.order_number)
  expect(numbers.every((number) => /^ORD-\d+$/.test(number))).toBe(true)
})

test('nothing is stored for one whose time runs out while it waits for the others', async () => {
  // The others have time, however long it takes.
  service = await start({ ORDER_SERVICE_CALL_TIMEOUT_MS: '30000' })
  const letThrough = await holdUp()
  const first: ReturnType<typeof place>[] = []
  // As many as may be under way, since those before are stuck.
  for (const { key } of keys(1 + asStatements.stuck.most)) {
    first.push(place({ key }))
    await wait(first.length)
  }
  // Those that are stuck are given up after five seconds: the rest is for the pauses of a busy machine.
  const late = place({ key: 'late', headers: { 'x-request-timeout-ms': '1500' } })
  await until(() => world.userService.seen.length === first.length + 1)
  const other = place({ key: 'other' })
  await until(() => world.userService.seen.length === first.length + 2)
  // It came later, and ends by a deadline that is later: its answer says that the time of the late one is over.
  world.userService.mood = { is: 'silent' }
  // A pause of a busy machine may be longer than what is kept for the answer: then it is 504.
  const later = await until(async () => {
    const answer = await place({ user_id: 2, headers: { 'x-request-timeout-ms': '1700' } })
    return answer.status !== 504 && answer
  })
  expect([later.status, later.body.code]).toEqual([503, 'user_service_unavailable'])
  await letThrough()
  const [{ status, body }, ...others] = await Promise.all([late, other, ...first])
  expect([status, body.code]).toEqual([504, 'deadline_exceeded'])
  expect(others.every(({ status }) => status === 201)).toBe(true)
  expect(await countOf('SELECT count(*) FROM orders')).toBe(others.length)
  expect(await countOf('SELECT count(*) FROM idempotency_records')).toBe(others.length)
})

test.each(['before', 'after'] as const)(
  'cut %s the commit of their answers, each retry gets one and the same order',
  async (moment) => {
    const url = new URL(world.database.url)
    const proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
    try {
      url.port = String(proxy.port)
      service = await start({
        ORDER_SERVICE_DATABASE_URL: url.href,
        // Numbering keeps out of the way.
        ORDER_SERVICE_NUMBERING_INTERVAL_MS: '5000',
      })
      proxy.cutAt('commit_conclusions', moment)
      const wanted = keys(20)
      const lost = await placeTogether(wanted)
      expect(proxy.cuts).toBe(1)
      const unknown = lost.filter(({ status }) => status === 503)
      expect(unknown.length).toBeGreaterThan(0)
      for (const { body } of unknown) expect(body.code).toBe('outcome_unknown')

      const again = await Promise.all(wanted.map(place))
      expect(again.every(({ status }) => status === 201)).toBe(true)
      lost.forEach(({ status, body }, n) => status === 201 && expect(again[n]!.body).toEqual(body))
      expect(await countOf('SELECT count(*) FROM orders')).toBe(20)
      await expectNumbersToMatch(world)
    } finally {
      await proxy.close()
    }
  },
)

test.each(['find_requests', 'commit_intents', 'commit_conclusions'])(
  'while the network swallows the connection of one under its statement (%s), the others are placed',
  async (statement) => {
    const url = new URL(world.database.url)
    const proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
    try {
      url.port = String(proxy.port)
      service = await start({
        ORDER_SERVICE_DATABASE_URL: url.href,
        // Numbering keeps out of the way.
        ORDER_SERVICE_NUMBERING_INTERVAL_MS: '5000',
      })
      const ended: string[] = []
      proxy.cutAt(statement, 'silence')
      const lost = place({ key: 'lost' }).finally(() => ended.push('lost'))
      await until(() => proxy.cuts === 1)
      const others = await Promise.all(keys(20).map(place))
      ended.push('others')
      expect(others.every(({ status }) => status === 201)).toBe(true)
      expect((await lost).status).toBeGreaterThanOrEqual(500)
      expect(ended).toEqual(['others', 'lost'])

      expect((await place({ key: 'lost' })).status).toBe(201)
      expect(await countOf('SELECT count(*) FROM orders')).toBe(21)
      await expectNumbersToMatch(world)
    } finally {
      await proxy.close()
    }
  },
)

test('two instances that conclude the same orders, each in an order of its own, do not deadlock', async () => {
  const pools = [1, 2].map(() =>
    createPool({
      url: world.database.url,
      applicationName: 'test',
      maxConnections: 1,
      connectTimeoutMs: 20_000,
      useTimeoutMs: 20_000,
      statementTimeoutMs: 20_000,
      onError: () => undefined,
    }),
  )
  let concluded = 0
  try {
    for (let round = 0; round < 20; round += 1) {
      const ids = (
        await Promise.all(Array.from({ length: 10 }, () => leaveOrder(world, { leasedSeconds: 60 })))
      ).map(({ id }) => id)
      const orders = await readOrders(pools[0]!, ids)
      const conclusions = orders.map((order) => {
        const number = `ORD-${order.id}`
        const answer = toJsonAsOf({ ...order, orderNumber: number }, 'CHANGED')
        const event = { subject: order.reference, event: JSON.stringify({ data: answer }), wanted: true }
        return { order, number, key: undefined, event, answer }
      })
      const options = { changeTime: 'CHANGED', timeoutMs: 20_000 }
      const [first, second] = await Promise.all([
        commitConclusions(pools[0]!, conclusions, options),
        commitConclusions(pools[1]!, conclusions.toReversed(), options),
      ])
      // Each by one of the two.
      const answers = [...first, ...second].filter((answer) => answer !== undefined)
      expect(answers.map(({ id }) => id).sort((a, b) => a - b)).toEqual(ids.sort((a, b) => a - b))
      concluded += ids.length
    }
  } finally {
    // With its connection the server counts what happened to it.
    await Promise.all(pools.map((pool) => pool.end()))
  }
  const deadlocks = 'SELECT deadlocks AS count FROM pg_stat_database WHERE datname = current_database()'
  expect(await countOf(deadlocks)).toBe(0)
  expect(await countOf('SELECT count(*) FROM outbox')).toBe(concluded)
  expect(await countOf('SELECT count(*) FROM orders WHERE order_number IS NULL')).toBe(0)
})

test('with one that cannot be confirmed, the others are', async () => {
  await service.stop()
  service = await start({ ORDER_SERVICE_AUTO_CONFIRM: 'true', ORDER_SERVICE_EVENT_ATTEMPTS: '2' })
  await refuse('UPDATE', `NEW.product_id = 'BAD' AND NEW.status = 'confirmed'`)
  await placeTogether([...keys(20), { key: 'bad', product_id: 'BAD' }])
  await until(async () => (await countOf('SELECT count(*) FROM dead_events')) === 1)
  await until(async () => (await countOf('SELECT count(*) FROM outbox WHERE delivered_at IS NULL')) === 0)
  const statuses = await world.query<{ status: string; count: string }>(
    'SELECT status, count(*) FROM orders GROUP BY status ORDER BY status',
  )
  expect(statuses).toEqual([
    { status: 'pending', count: '1' },
    { status: 'confirmed', count: '20' },
  ])
  expect(await countOf(`SELECT count(*) FROM outbox WHERE event->>'type' = 'order.updated'`)).toBe(20)
})
