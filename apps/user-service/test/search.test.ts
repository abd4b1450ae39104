import fc from 'fast-check'
import { Client, type QueryConfig, type QueryResultRow } from 'pg'
import type { Queryable } from '@ordinal/database'
import { countUsers, listUsers, type UserFilter } from '../src/queries'
import { setUp } from './user-service'

interface Plan {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: Plan[]
}

const stepsOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(stepsOf)]

let users: Awaited<ReturnType<typeof setUp>>
let client: Client
beforeAll(async () => {
  users = await setUp()
  client = new Client(users.database.url)
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await users.tearDown()
})

describe('among a hundred thousand users', () => {
  beforeAll(async () => {
    await client.query(`
      INSERT INTO users (email, name, age, active, deleted_at)
      SELECT 'user' || n || '@example.com', 'Person ' || md5(n::text), 30, n % 10 <> 0, CASE WHEN n > 100000 THEN now() END
      FROM generate_series(1, 120000) n`)
    await client.query(
      `INSERT INTO users (email, name, age) VALUES ('zoe@elsewhere.example', 'Zoë Žižek', 30)`,
    )
    await client.query('VACUUM ANALYZE users')
  })
  afterAll(() => client.query('TRUNCATE users'))

  async function planOf<T>(read: (db: Queryable) => Promise<T>) {
    const plans: Plan[] = []
    const db: Queryable = {
      async query<R extends QueryResultRow>(sql: string | QueryConfig, values?: unknown[]) {
        const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
          `EXPLAIN (ANALYZE, FORMAT JSON) ${sql as string}`,
          values,
        )
        plans.push(rows[0]!['QUERY PLAN'][0].Plan)
        return client.query<R>(sql, values)
      },
    }
    const found = await read(db)
    expect(plans).toHaveLength(1)
    const steps = stepsOf(plans[0]!)
    return { found, steps, kinds: steps.map((step) => step['Node Type']) }
  }

  // Of the middle of the table, and of its end.
  const rare = ['user54321@', 'ZOË Ž', 'elsewhere', 'nobody at all', 'zzz']

  test.each(rare)(
    'a search for what is rare reads the index of searches, however few are wanted: %s',
    async (search) => {
      for (const take of [1, 2, 21, 101])
        for (const filter of [{ search }, { search, active: true }]) {
          const { steps, kinds } = await planOf((db) => listUsers(db, filter, { take }))
          expect(kinds).toContain('Bitmap Index Scan')
          expect(kinds).not.toContain('Seq Scan')
          expect(steps.find((step) => step['Index Name'] === 'users_pkey')).toBeUndefined()
        }
      const { kinds } = await planOf((db) => countUsers(db, { search }))
      expect(kinds).toContain('Bitmap Index Scan')
      expect(kinds).not.toContain('Seq Scan')
    },
  )

  test.each(['example', 'PERSON', 'a', 'er'])(
    'a search for what is frequent ends when the page is full: %s',
    async (search) => {
      for (const after of [0, 90_000]) {
        const { found, steps, kinds } = await planOf((db) => listUsers(db, { search }, { after, take: 21 }))
        expect(found).toHaveLength(21)
        expect(kinds).not.toContain('Seq Scan')
        const read = steps
          .filter((step) => step['Node Type'].endsWith('Scan'))
          .reduce((sum, step) => sum + step['Actual Rows'] + (step['Rows Removed by Filter'] ?? 0), 0)
        expect(read).toBeLessThan(100)
      }
    },
  )

  test.each<[UserFilter, number]>([
    [{}, 100_001],
    [{ active: true }, 90_001],
    [{ active: false }, 10_000],
  ])('without a search the total is known, and no user is read for it: %j', async (filter, exact) => {
    const { found, steps } = await planOf((db) => countUsers(db, filter))
    expect(Number(found)).toBe(exact)
    expect(steps.filter((step) => step['Relation Name'] === 'users')).toEqual([])
  })

  test('a page on which a search ends tells the total without a count', async () => {
    const statements: string[] = []
    const db: Queryable = {
      query<R extends QueryResultRow>(sql: string | QueryConfig, values?: unknown[]) {
        statements.push(sql as string)
        return client.query<R>(sql, values)
      },
    }
    expect(await listUsers(db, { search: 'elsewhere' }, { take: 21 })).toHaveLength(1)
    const { body } = await users.api.get('/api/v1/users?search=elsewhere')
    expect(body.pagination).toEqual({ page: 1, page_size: 20, total: 1, total_pages: 1, next_cursor: null })
    const { body: many } = await users.api.get('/api/v1/users?search=example.com&page_size=1&active=false')
    expect(many.pagination).toMatchObject({ total: 10_000, total_pages: 10_000 })
  })
})

// Letters whose case is not as simple as it looks, what LIKE gives a meaning, and what stands for itself.
const letter = fc.constantFrom(...'aAbäÄßẞİıiIΣσςЖжéÉ́ﬁ😀中%_\\\'" .-0')
const word = fc.array(letter, { minLength: 1, maxLength: 12 }).map((letters) => letters.join(''))

test('a search finds the same users with the index of searches and without it, of any length', async () => {
  let inserted = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(word, fc.boolean()), { minLength: 1, maxLength: 30 }),
      fc.nat(11),
      fc.integer({ min: 1, max: 6 }),
      fc.option(fc.boolean(), { nil: undefined }),
      async (people, from, length, active) => {
        await client.query('DELETE FROM users')
        for (const [name, isActive] of people)
          await client.query(
            'INSERT INTO users (email, email_key, name, age, active) VALUES ($1, $1, $2, 1, $3)',
            [`${(inserted += 1)}-${name}@x`, name, isActive],
          )
        const part = [...people[0]![0]]
          .slice(from % [...people[0]![0]].length)
          .slice(0, length)
          .join('')
        const filter: UserFilter = { search: part, active }
        const by = async (settings: string) => {
          await client.query(`BEGIN; SET LOCAL enable_seqscan = off; ${settings}`)
          const listed = await listUsers(client, filter, { take: 1_000 })
          const counted = Number(await countUsers(client, filter))
          await client.query('COMMIT')
          expect(listed).toHaveLength(counted)
          return listed
        }
        const withIndex = await by('SET LOCAL enable_indexscan = off')
        const without = await by('SET LOCAL enable_bitmapscan = off')
        expect(withIndex).toEqual(without)
        // What is written as it is searched for is found, whatever its letters are.
        const named = people.filter(([name, is]) => name.includes(part) && (active ?? is) === is)
        expect(without.map(({ name }) => name)).toEqual(expect.arrayContaining(named.map(([name]) => name)))
      },
    ),
    { numRuns: 150 },
  )
  await client.query('DELETE FROM users')
})

test('pages and cursors of a search have each user once, and every page tells the total', async () => {
  await client.query(`
    INSERT INTO users (email, name, age, active)
    SELECT 'p' || n || '@example.com', CASE WHEN n % 2 = 0 THEN 'Even' ELSE 'Odd' END || n, 1, n % 3 <> 0
    FROM generate_series(1, 60) n`)
  const query = 'search=EVEN&active=true&page_size=7'
  const expected = Array.from({ length: 60 }, (_, index) => index + 1).filter(
    (n) => n % 2 === 0 && n % 3 !== 0,
  )
  const names = expected.map((n) => `Even${n}`)
  const namesOf = (body: { data: { name: string }[] }) => body.data.map(({ name }) => name)

  const byPage: string[] = []
  for (let page = 1; page <= 4; page += 1) {
    const { body } = await users.api.get(`/api/v1/users?${query}&page=${page}`)
    expect(body.pagination).toMatchObject({ total: names.length, total_pages: 3 })
    byPage.push(...namesOf(body))
  }
  const byCursor: string[] = []
  for (let cursor: string | null = '0'; cursor !== null;) {
    const { body } = await users.api.get(`/api/v1/users?${query}&cursor=${cursor}`)
    byCursor.push(...namesOf(body))
    cursor = body.pagination.next_cursor as string | null
  }
  expect([byPage, byCursor]).toEqual([names, names])
})
