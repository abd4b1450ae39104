import { PrismaPg } from '@prisma/adapter-pg'
import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import { Pool } from 'pg'
import { databaseErrorOf } from '../src'
import { backendPids, openPool } from './open-pool'

let database: TestDatabase
let pool: Pool
const INSERT = 'INSERT INTO users (email) VALUES (1)'

beforeAll(async () => {
  database = await createTestDatabase()
  pool = openPool(database.url)
  await pool.query('CREATE TABLE users (email int CONSTRAINT users_email_key UNIQUE)')
  await pool.query(INSERT)
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

/** Runs the statement so often, and counts the unique violations. */
async function conflicts(times: number, insert: () => Promise<unknown>): Promise<number> {
  const attempts = Array.from({ length: times }, () =>
    insert().then(
      () => 'inserted',
      (error: unknown) => databaseErrorOf(error)?.kind,
    ),
  )
  const kinds = await Promise.all(attempts)
  return kinds.filter((kind) => kind === 'unique_violation').length
}

async function insertThroughPrisma(pool: Pool) {
  const adapter = await new PrismaPg(pool).connect()
  return () => adapter.executeRaw({ sql: INSERT, args: [], argTypes: [] })
}

test('1,000 unique violations leave the connections as they are', async () => {
  const before = await backendPids(pool)
  expect(await conflicts(1_000, () => pool.query(INSERT))).toBe(1_000)
  expect(await backendPids(pool)).toEqual(before)
})

test("1,000 unique violations through Prisma's adapter leave the connections as they are", async () => {
  const before = await backendPids(pool)
  expect(await conflicts(1_000, await insertThroughPrisma(pool))).toBe(1_000)
  expect(await backendPids(pool)).toEqual(before)
})

test.each([
  ['pg', (plain: Pool) => Promise.resolve(() => plain.query(INSERT))],
  ["Prisma's adapter", insertThroughPrisma],
])('control: with a plain pool and %s every one costs a connection', async (_, inserter) => {
  const plain = new Pool({ connectionString: database.url, max: 4 })
  let connects = 0
  plain.on('connect', () => connects++)
  const before = await backendPids(plain)
  expect(await conflicts(40, await inserter(plain))).toBe(40)
  const after = await backendPids(plain)
  expect(after.filter((pid) => before.includes(pid))).toEqual([])
  expect(connects).toBeGreaterThanOrEqual(40)
  await plain.end()
})
