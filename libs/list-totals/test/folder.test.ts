import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import type { Pool } from 'pg'
import { createPool } from '@ordinal/database'
import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import { foldCounts, totalOf } from '../src'

let database: TestDatabase
let pool: Pool
beforeAll(async () => {
  database = await createTestDatabase()
  pool = createPool({
    url: database.url,
    applicationName: 'test',
    maxConnections: 10,
    connectTimeoutMs: 5_000,
    useTimeoutMs: 20_000,
    statementTimeoutMs: 10_000,
    onError: () => undefined,
  })
  await pool.query(readFileSync(join(__dirname, '../schema.sql'), 'utf8'))
})
beforeEach(() => pool.query('TRUNCATE list_counts'))
afterAll(async () => {
  await pool.end()
  await database.drop()
})

const add = (key: string, change: number, times = 1) =>
  pool.query('INSERT INTO list_counts (key, change) SELECT $1, $2 FROM generate_series(1, $3::int)', [
    key,
    change,
    times,
  ])
const rows = async () =>
  (await pool.query<{ key: string; change: number }>('SELECT key, change FROM list_counts ORDER BY key')).rows

test('a list without a row has a total of 0, and so has a key that is not there', async () => {
  expect([await totalOf(pool), await totalOf(pool, 'a')]).toEqual([0, 0])
  await add('a', 3)
  expect([await totalOf(pool), await totalOf(pool, 'a'), await totalOf(pool, 'b')]).toEqual([3, 3, 0])
})

test('a few differences are left as they are: nothing is written where there is nothing to do', async () => {
  await add('a', 1, 199)
  expect([await foldCounts(pool, 200), (await rows()).length]).toEqual([0, 199])
  await add('b', 1)
  expect([await foldCounts(pool, 200), await rows()]).toEqual([
    200,
    [
      { key: 'a', change: 199 },
      { key: 'b', change: 1 },
    ],
  ])
})

test('a key of which nothing is left has no row', async () => {
  await add('a', 5)
  await add('a', -5)
  await foldCounts(pool, 1)
  expect(await rows()).toEqual([])
})

test('whatever several fold at once while others write, the totals stay as they were written', async () => {
  const change = fc.record({ key: fc.constantFrom('a', 'b', 'c'), change: fc.integer({ min: -3, max: 3 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 30 }), async (changes) => {
      await pool.query('DELETE FROM list_counts')
      const writing = changes.map(({ key, change }) => add(key, change))
      await Promise.all([...writing, ...Array.from({ length: 4 }, () => foldCounts(pool, 1))])
      await foldCounts(pool, 1)
      const sumOf = (of?: string) =>
        changes.reduce((sum, { key, change }) => sum + (of === undefined || key === of ? change : 0), 0)
      expect(await totalOf(pool)).toBe(sumOf())
      for (const key of ['a', 'b', 'c']) expect(await totalOf(pool, key)).toBe(sumOf(key))
      expect((await rows()).length).toBeLessThanOrEqual(3)
    }),
    { numRuns: 40 },
  )
})
