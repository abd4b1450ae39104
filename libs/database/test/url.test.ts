import { PrismaPg } from '@prisma/adapter-pg'
import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import fc from 'fast-check'
import { Client } from 'pg'
import { databaseUrl, redactUrl } from '../src'
import { openPool } from './open-pool'

const PASSWORD = 'p@s:/#%w'

describe('a password of p@s:/#%w', () => {
  let database: TestDatabase
  let parts: { host: string; port: number; user: string; password: string; name: string }

  beforeAll(async () => {
    database = await createTestDatabase()
    const admin = new Client(database.adminUrl)
    await admin.connect()
    const user = `${database.name}_p`
    await admin.query(`CREATE ROLE ${user} LOGIN PASSWORD '${PASSWORD}'`)
    await admin.end()
    const { hostname: host, port } = new URL(database.url)
    parts = { host, port: Number(port), user, password: PASSWORD, name: database.name }
  })
  afterAll(() => database.drop())

  test('logs in through the pool, in parts made a URL', async () => {
    const pool = openPool(databaseUrl(parts))
    const { rows } = await pool.query('SELECT current_user AS who, current_database() AS name')
    expect(rows).toEqual([{ who: parts.user, name: parts.name }])
    await pool.end()
  })

  test("logs in through Prisma's adapter, on the pool and by URL", async () => {
    const pool = openPool(databaseUrl(parts))
    const onPool = await new PrismaPg(pool).connect()
    const byUrl = await new PrismaPg(databaseUrl(parts)).connect()
    for (const adapter of [onPool, byUrl]) {
      const { rows } = await adapter.queryRaw({ sql: 'SELECT current_user', args: [], argTypes: [] })
      expect(rows).toEqual([[parts.user]])
      await adapter.dispose()
    }
    await pool.end()
  })

  test('is checked by the server: a wrong one is refused', async () => {
    const pool = openPool(databaseUrl({ ...parts, password: 'another' }))
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: '28P01' })
    await pool.end()
  })
})

const address = { host: 'db', port: 5432, user: 'ordinal', password: 'secret', name: 'orders' }

test('any user and password come back from the URL as they were', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 })
  fc.assert(
    fc.property(text, text, (user, password) => {
      const client = new Client({ connectionString: databaseUrl({ ...address, user, password }) })
      expect([client.user, client.password, client.host]).toEqual([user, password, 'db'])
    }),
  )
})

test.each(['10.0.0.1', '::1', '/var/run/postgresql'])('the host may be %s', (host) => {
  expect(new Client({ connectionString: databaseUrl({ ...address, host }) }).host).toBe(host)
})

test("a database's name that pg would read back wrongly is refused", () => {
  expect(() => databaseUrl({ ...address, name: 'a#b' })).toThrow('No URL can name the database "a#b"')
  expect(new Client({ connectionString: databaseUrl({ ...address, name: 'a b%c' }) }).database).toBe('a b%c')
})

test.each([
  ['postgresql://ordinal:secret@db:5432/orders', 'postgresql://ordinal:***@db:5432/orders'],
  ['postgresql://ordinal@db/orders?password=secret', 'postgresql://ordinal@db/orders'],
  ['postgresql://ordinal:se/cret@db/orders', '(not a URL)'],
  ['postgresql://ordinal:1/secret@db/orders', '(not a valid database URL: encode its password)'],
  ['postgresql://ordinal:1?secret@db/orders', '(not a valid database URL: encode its password)'],
  ['postgresql://ordinal:p@s:/#%secret@db/orders', '(not a valid database URL: encode its password)'],
])('%s is logged as %s', (url, shown) => {
  expect(redactUrl(url)).toBe(shown)
})
