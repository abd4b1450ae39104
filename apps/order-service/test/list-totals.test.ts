import fc from 'fast-check'
import { Pool, type QueryConfig, type QueryResultRow } from 'pg'
import type { Queryable } from '@ordinal/database'
import { foldCounts } from '@ordinal/list-totals'
import { countOrders } from '../src/orders/list-queries'
import { anOrder, createWorld, until, type Instance, type World } from './world'

let world: World
let service: Instance
let pool: Pool
beforeAll(async () => {
  world = await createWorld()
  service = await world.startService()
  pool = new Pool({ connectionString: world.database.url, max: 12 })
})
beforeEach(() => world.query('TRUNCATE orders, idempotency_records, outbox RESTART IDENTITY CASCADE'))
afterAll(async () => {
  await pool.end()
  await world.end()
})

const totalOf = async (query: string) => {
  const { status, body } = await service.api.get(`/api/v1/orders?page=1&page_size=1&${query}`)
  expect(status).toBe(200)
  return body.pagination.total as number
}

const insert = (db: Queryable, count: number, status = 'pending', userId = 1) =>
  db.query(
    `INSERT INTO orders (reference, user_id, product_id, quantity, total_price, status, numbering_after)
     SELECT gen_random_uuid(), $3, 'P' || n % 3, 1, 1, $2, now() + interval '1 hour' FROM generate_series(1, $1::int) n`,
    [count, status, userId],
  )

/** What the counts say and what there is, of each status, as of one moment. */
const bothOf = async (db: Queryable) => {
  const { rows } = await db.query<{ counted: string; listed: string }>(
    `SELECT (SELECT json_object_agg(key, total ORDER BY key) FROM
         (SELECT key, sum(change) AS total FROM list_counts GROUP BY key HAVING sum(change) <> 0) c)::text AS counted,
       (SELECT json_object_agg(key, total ORDER BY key) FROM
         (SELECT status::text AS key, count(*) AS total FROM orders WHERE deleted_at IS NULL GROUP BY 1) l)::text AS listed`,
  )
  return rows[0]!
}

async function expectExact(): Promise<void> {
  const { counted, listed } = await bothOf(pool)
  expect(counted).toEqual(listed)
}

test('totals follow orders that are placed, change their status and are deleted', async () => {
  const placed = []
  for (let n = 1; n <= 4; n += 1) {
    const { body } = await service.api.post('/api/v1/orders', { ...anOrder, product_id: `PROD-${n % 2}` })
    placed.push(body.id as number)
  }
  await service.api.patch(`/api/v1/orders/${placed[0]}`, { status: 'confirmed' })
  await service.api.patch(`/api/v1/orders/${placed[1]}`, { status: 'cancelled' })
  await service.api.delete(`/api/v1/orders/${placed[2]}`)
  const totals = ['', 'status=pending', 'status=confirmed', 'status=cancelled', 'status=shipped', 'user_id=1']
  expect(await Promise.all(totals.map(totalOf))).toEqual([3, 1, 1, 1, 0, 3])
  expect(await totalOf('product_id=PROD-0&status=pending')).toBe(1)
  await expectExact()
})

test('whatever is written at once, rolled back, deleted and folded, the counts are exact at every moment', async () => {
  const status = fc.constantFrom('pending', 'confirmed', 'shipped', 'cancelled')
  const statement = fc.oneof(
    fc.record({ what: fc.constant('insert' as const), count: fc.integer({ min: 0, max: 5 }), status }),
    fc.record({
      what: fc.constantFrom('change', 'change and delete', 'delete', 'restore', 'remove', 'number', 'fold'),
      part: fc.integer({ min: 2, max: 4 }),
      status,
    }),
  )
  const work = fc.record({ commits: fc.boolean(), statements: fc.array(statement, { maxLength: 5 }) })
  type Statement = typeof statement extends fc.Arbitrary<infer S> ? S : never

  // Each writer has its own orders: that two change one is a matter of their rows, which locks settle.
  const run = (db: Queryable, given: Statement, writer: number) => {
    if (given.what === 'insert') return insert(db, given.count, given.status, writer)
    const rows = `WHERE user_id = ${writer} AND id % ${given.part} = 0`
    const statements = {
      change: `UPDATE orders SET status = '${given.status}' ${rows}`,
      'change and delete': `UPDATE orders SET status = '${given.status}', deleted_at = now() ${rows}`,
      delete: `UPDATE orders SET deleted_at = now() ${rows}`,
      restore: `UPDATE orders SET deleted_at = NULL ${rows}`,
      remove: `DELETE FROM orders ${rows}`,
      number: `UPDATE orders SET order_number = 'N-' || id ${rows}`,
    }
    return given.what === 'fold' ? foldCounts(db, 1) : db.query(statements[given.what as 'change'])
  }
  async function write(given: (typeof work extends fc.Arbitrary<infer W> ? W : never)[], writer: number) {
    const client = await pool.connect()
    try {
      for (const { commits, statements } of given) {
        await client.query('BEGIN')
        for (const each of statements) await run(client, each, writer)
        await client.query(commits ? 'COMMIT' : 'ROLLBACK')
        await expectExact()
      }
    } finally {
      client.release()
    }
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(work, { maxLength: 6 }), { minLength: 2, maxLength: 5 }),
      async (all) => {
        await Promise.all(all.map((given, index) => write(given, index + 1)))
        await foldCounts(pool, 1)
        await expectExact()
      },
    ),
    { numRuns: 25 },
  )
})

test('no writer waits for another, nor for the folding of counts', async () => {
  const [first, second] = [await pool.connect(), await pool.connect()]
  try {
    await insert(pool, 5)
    for (const client of [first, second]) await client.query("BEGIN; SET LOCAL lock_timeout = '1s'")
    // Both touch the same counts, in opposite orders, and stay open.
    await insert(first, 1, 'pending')
    await insert(second, 1, 'confirmed')
    await insert(first, 1, 'confirmed')
    await insert(second, 1, 'pending')
    // One more of each, committed meanwhile, and folded by two at once while one of them stays open too.
    await insert(pool, 3, 'shipped')
    await foldCounts(first, 1)
    await Promise.all([foldCounts(pool, 1), foldCounts(second, 1)])
    await expectExact()
    await first.query('COMMIT')
    await second.query('ROLLBACK')
  } finally {
    first.release()
    second.release()
  }
  await expectExact()
  expect(await Promise.all(['', 'status=pending', 'status=confirmed'].map(totalOf))).toEqual([10, 6, 1])
})

test('the service folds the counts: many changes leave a few rows', async () => {
  for (let n = 0; n < 300; n += 1) await insert(pool, n % 3)
  const rows = async () =>
    Number((await world.query<{ n: string }>('SELECT count(*) AS n FROM list_counts'))[0]!.n)
  await until(async () => (await rows()) < 200)
  await expectExact()
  expect(await totalOf('')).toBe(300)
})

test('rows that were written without triggers are counted by recount_listed, and once', async () => {
  await insert(pool, 3)
  await world.query(
    `BEGIN; SET LOCAL session_replication_role = replica;
     UPDATE orders SET status = 'shipped' WHERE id = 1; DELETE FROM orders WHERE id = 2; COMMIT`,
  )
  expect((await bothOf(pool)).counted).toBe('{ "pending" : 3 }')
  for (let time = 1; time <= 2; time += 1) await world.query('SELECT recount_listed()')
  await expectExact()
})

/** Passes statements on, and keeps them. */
function watching() {
  const statements: string[] = []
  const db: Queryable = {
    query<R extends QueryResultRow>(sql: string | QueryConfig, values?: unknown[]) {
      statements.push(sql as string)
      return pool.query<R>(sql, values)
    },
  }
  return { db, statements }
}

test('the total of all, and of a status, reads no order', async () => {
  await insert(pool, 3)
  const { db, statements } = watching()
  expect(Number(await countOrders(db, {}))).toBe(3)
  expect(Number(await countOrders(db, { status: 'pending' }))).toBe(3)
  expect(statements.filter((sql) => /\borders\b/.test(sql))).toEqual([])
  expect(Number(await countOrders(db, { status: 'pending', userId: 1 }))).toBe(3)
  expect(statements.filter((sql) => /\borders\b/.test(sql))).toHaveLength(1)
})
