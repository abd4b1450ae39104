import { Pool, type QueryConfig, type QueryResultRow } from 'pg'
import type { Queryable } from '@ordinal/database'
import { countOrders, listOrders, type OrderFilter } from '../src/orders/list-queries'
import { createWorld, type World } from './world'

interface Plan {
  'Node Type': string
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: Plan[]
}

const deleted = 20_000
const listed = 20_000

let world: World
let pool: Pool

beforeAll(async () => {
  world = await createWorld()
  // The older half is deleted, as one does with old orders. Of the rest, the first are delivered and the last pending,
  // and user 3 has come late: nothing is spread evenly, as the planner believes. Two of forty wait for their number.
  await world.query(
    `INSERT INTO orders (reference, order_number, user_id, product_id, quantity, total_price, status, deleted_at)
     SELECT gen_random_uuid(), CASE WHEN n <= $1 OR n % 40 > 1 THEN 'OLD-' || n END, CASE WHEN n > 35000 THEN 2 + n % 2 ELSE 1 END,
       CASE WHEN n > 30000 THEN 'P' || n % 7 ELSE 'P1' END, 1, 1,
       (CASE WHEN n < 30000 THEN 'delivered' ELSE 'pending' END)::order_status, CASE WHEN n <= $1 THEN now() END
     FROM generate_series(1, $1::int + $2::int) AS n`,
    [deleted, listed],
  )
  await world.query('VACUUM ANALYZE orders')
  pool = new Pool({ connectionString: world.database.url, max: 2 })
})
afterAll(async () => {
  await pool.end()
  await world.end()
})

/** How something is read by one statement: every step of the plan, as it was carried out. */
async function planOf<T>(read: (db: Queryable) => Promise<T>) {
  const plans: Plan[] = []
  const db: Queryable = {
    async query<R extends QueryResultRow>(sql: string | QueryConfig, values?: unknown[]) {
      const { rows } = await pool.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
        `EXPLAIN (ANALYZE, FORMAT JSON) ${sql as string}`,
        values,
      )
      plans.push(rows[0]!['QUERY PLAN'][0].Plan)
      return pool.query<R>(sql, values)
    },
  }
  const found = await read(db)
  // Not a statement for each order.
  expect(plans).toHaveLength(1)
  return { found, steps: stepsOf(plans[0]!) }
}

const stepsOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(stepsOf)]
/** How many rows were looked at. */
const rowsRead = (steps: Plan[]) =>
  steps
    .filter((step) => step['Node Type'].includes('Scan'))
    .map((step) => (step['Actual Rows'] + (step['Rows Removed by Filter'] ?? 0)) * step['Actual Loops'])
    .reduce((sum, rows) => sum + rows, 0)

const deep = deleted + listed - 1_000

test.each<[string, OrderFilter, number]>([
  ['all', {}, 21],
  ['of a user', { userId: 3 }, 21],
  ['of a product', { productId: 'P2' }, 21],
  ['with a status', { status: 'pending' }, 21],
  ['without a number', { withoutNumber: true }, 21],
  ['of a user and with a status', { userId: 3, status: 'pending' }, 21],
  // Every seventh fits.
  ['of a user and a product', { userId: 3, productId: 'P2', status: 'pending' }, 21 * 8],
])(
  'by cursor, orders are read that are answered, and no others, at the beginning and deep down: %s',
  async (_what, filter, most) => {
    for (const after of [0, deep]) {
      const { found, steps } = await planOf((db) => listOrders(db, filter, { after, take: 21 }))
      expect(found).toHaveLength(21)
      expect(steps.map((step) => step['Node Type'])).toEqual(['Limit', expect.stringMatching(/^Index /)])
      expect(rowsRead(steps)).toBeLessThanOrEqual(most)
    }
  },
)

test('behind the last that fits, no others are gone through', async () => {
  for (const filter of [{ userId: 1 }, { status: 'delivered' }] as const) {
    const { found, steps } = await planOf((db) => listOrders(db, filter, { after: deep, take: 21 }))
    expect([found, rowsRead(steps)]).toEqual([[], 0])
  }
})

test('a deep page by its number goes through all before it: the tests above could fail', async () => {
  const { found, steps } = await planOf((db) => listOrders(db, {}, { skip: listed - 20, take: 21 }))
  expect(found).toHaveLength(20)
  expect(rowsRead(steps)).toBe(listed)
})

test.each<[string, OrderFilter, number, number]>([
  ['all', {}, listed, 5],
  ['with a status', { status: 'delivered' }, 9_999, 5],
  ['of a user', { userId: 3 }, 2_500, 2_500],
  ['of a product', { productId: 'P2' }, 1_429, 1_429],
  // By a bitmap: in the index and in the table.
  ['of a user and with a status', { userId: 3, status: 'pending' }, 2_500, 5_000],
  ['with a number', { orderNumber: 'OLD-39999' }, 1, 1],
  // By a bitmap, too.
  ['without a number', { withoutNumber: true }, 1_000, 2_000],
])(
  'a total reads no more than what fits, and the totals that are kept: %s',
  async (_what, filter, exact, most) => {
    const { found, steps } = await planOf((db) => countOrders(db, filter))
    expect(Number(found)).toBe(exact)
    expect(rowsRead(steps)).toBeLessThanOrEqual(most)
    const scanned = steps
      .filter((step) => step['Node Type'] === 'Seq Scan')
      .map((step) => step['Relation Name'])
    expect(scanned.filter((name) => name !== 'list_counts')).toEqual([])
  },
)
