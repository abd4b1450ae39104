import { PrismaPg } from '@prisma/adapter-pg'
import { databaseUrlOf } from '@ordinal/config'
import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import { Client } from 'pg'
import { redactUrl } from '../src/url'
import { openPool } from './open-pool'

const PASSWORD = 'p@s:/#%w'

describe('a password of p@s:/#%w', () => {
  let database: TestDatabase
  let parts: Parameters<typeof databaseUrlOf>[0]

  beforeAll(async () => {
    database = await createTestDatabase()
    const admin = new Client(database.adminUrl)
    await admin.connect()
    const user = `${database.name}_p`
    await admin.query(`CREATE ROLE ${user} LOGIN PASSWORD '${PASSWORD}'`)
    await admin.end()
    const { hostname: host, port } = new URL(database.url)
    parts = {
      databaseUrl: undefined,
      dbHost: host,
      dbPort: Number(port),
      dbUser: user,
      dbPassword: PASSWORD,
      dbName: database.name,
    }
  })
  afterAll(() => database.drop())

  test('logs in through the pool, in parts made a URL', async () => {
    const pool = openPool(databaseUrlOf(parts))
    const { rows } = await pool.query('SELECT current_user AS who, current_database() AS name')
    expect(rows).toEqual([{ who: parts.dbUser, name: parts.dbName }])
    await pool.end()
  })

  test("logs in through Prisma's adapter, on the pool and by URL", async () => {
    const pool = openPool(databaseUrlOf(parts))
    const onPool = await new PrismaPg(pool).connect()
    const byUrl = await new PrismaPg(databaseUrlOf(parts)).connect()
    for (const adapter of [onPool, byUrl]) {
      const { rows } = await adapter.queryRaw({ sql: 'SELECT current_user', args: [], argTypes: [] })
      expect(rows).toEqual([[parts.dbUser]])
      await adapter.dispose()
    }
    await pool.end()
  })

  test('is checked by the server: a wrong one is refused', async () => {
    const pool = openPool(databaseUrlOf({ ...parts, dbPassword: 'another' }))
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: '28P01' })
    await pool.end()
  })
})

test.each([
  ['postgresql://ordinal:secret@db:5432/orders', 'postgresql://ordinal:***@db:5432/orders'],
  ['postgresql://ordinal@db/orders?password=secret', 'postgresql://ordinal@db/orders'],
  ['postgresql://u:secret@db:5432/orders?port=1&host=other', 'postgresql://u:***@other:1/orders'],
  ['postgresql://ordinal:se/cret@db/orders', '(not a URL)'],
  ['postgresql://ordinal:1/secret@db/orders', '(not a valid database URL: encode its password)'],
  ['postgresql://ordinal:1?secret@db/orders', '(not a valid database URL: encode its password)'],
  ['postgresql://ordinal:p@s:/#%secret@db/orders', '(not a valid database URL: encode its password)'],
])('%s is logged as %s', (url, shown) => {
  expect(redactUrl(url)).toBe(shown)
})
