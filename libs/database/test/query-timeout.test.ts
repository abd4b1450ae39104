import { createCutProxy, createTestDatabase, until, type TestDatabase } from '@ordinal/testing'
import type { Pool } from 'pg'
import {
  CommitUnknownError,
  databaseErrorOf,
  QueryTimeoutError,
  transaction,
  type Queryable,
  withQueryTimeout,
} from '../src'
import { backendPids, openPool } from './open-pool'

let database: TestDatabase
let pool: Pool

beforeAll(async () => {
  database = await createTestDatabase()
  pool = openPool(database.url, { statementTimeoutMs: 60_000, useTimeoutMs: 60_000 })
  await pool.query('CREATE TABLE counters (value int); INSERT INTO counters VALUES (0)')
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

const INCREMENT = 'UPDATE counters SET value = value + 1'

async function whileLocked(work: () => Promise<unknown>) {
  const holder = await pool.connect()
  await holder.query('BEGIN; LOCK TABLE counters')
  try {
    return await work()
  } finally {
    await holder.query('ROLLBACK')
    holder.release()
  }
}

// Far less than the server lets a statement run.
const inTime = 20_000
const elapsed = async (work: () => Promise<unknown>) => {
  const start = Date.now()
  const error: unknown = await work().catch((error: unknown) => error)
  return { error, ms: Date.now() - start }
}

test('within its time a query answers as on the pool', async () => {
  const { rows } = await withQueryTimeout(pool, 20_000).query('SELECT $1::int AS n', [7])
  expect(rows).toEqual([{ n: 7 }])
  await expect(withQueryTimeout(pool, 20_000).query('SELECT nothing')).rejects.toMatchObject({
    code: '42703',
  })
})

test('a query behind a lock is abandoned at its timeout, and its connection with it', async () => {
  const before = await backendPids(pool)
  await whileLocked(async () => {
    const { error, ms } = await elapsed(() => withQueryTimeout(pool, 200).query(INCREMENT))
    expect(error).toBeInstanceOf(QueryTimeoutError)
    expect(databaseErrorOf(error)).toEqual({ kind: 'query_timeout', retryable: false })
    expect(ms).toBeLessThan(inTime)
    // The server finds that the client has gone: the abandoned query must not run then.
    const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    await until(async () => (await pool.query(waits)).rowCount === 0)
  })
  expect((await pool.query('SELECT value FROM counters')).rows).toEqual([{ value: 0 }])
  const after = await backendPids(pool)
  expect(after.filter((pid) => before.includes(pid))).toHaveLength(3)
})

test("control: pg's own query_timeout gives the connection back with the query still on it", async () => {
  const single = openPool(database.url, { maxConnections: 1 })
  const client = await single.connect()
  const limited = { text: INCREMENT, query_timeout: 200 }
  await whileLocked(async () => {
    await expect(client.query(limited)).rejects.toThrow('Query read timeout')
    client.release()
    const { error } = await elapsed(() => withQueryTimeout(single, 500).query('SELECT 1'))
    expect(error).toBeInstanceOf(QueryTimeoutError)
  })
  await single.end()
})

test('waiting for a connection counts too, and the connection that comes late is not lost', async () => {
  const single = openPool(database.url, { maxConnections: 1 })
  const holder = await single.connect()
  const { error, ms } = await elapsed(() => withQueryTimeout(single, 200).query('SELECT 1'))
  expect(error).toBeInstanceOf(QueryTimeoutError)
  expect(ms).toBeLessThan(inTime)
  holder.release()
  await expect(single.query('SELECT 1')).resolves.toBeDefined()
  await single.end()
})

describe('on a pool, without a timeout of its own', () => {
  let hurried: Pool
  beforeAll(() => {
    hurried = openPool(database.url, { useTimeoutMs: 1_000, maxConnections: 1 })
  })
  afterAll(() => hurried.end())

  test.each<[string, (pool: Pool) => Promise<unknown>]>([
    ['a query', (pool) => pool.query(INCREMENT)],
    ['a transaction', (pool) => transaction(pool, (tx) => tx.query(INCREMENT))],
  ])('%s is abandoned at its timeout, and its connection with it', async (_, use) => {
    // A new connection may take longer on a busy machine.
    await until(() =>
      hurried.query('SELECT 1').then(
        () => true,
        () => false,
      ),
    )
    await whileLocked(async () => {
      const { error, ms } = await elapsed(() => use(hurried))
      expect(error).toBeInstanceOf(QueryTimeoutError)
      expect(ms).toBeLessThan(inTime)
      expect(hurried.totalCount).toBe(0)
    })
  })

  test('with a timeout of its own, a transaction has that', async () => {
    const sleep = (tx: Queryable) => tx.query('SELECT pg_sleep(2)')
    await expect(transaction(hurried, sleep, { timeoutMs: 20_000 })).resolves.toBeDefined()
    await expect(transaction(hurried, sleep)).rejects.toThrow('did not answer within 1000 ms')
  })

  test('with a timeout of its own, a query has that', async () => {
    const { rows } = await withQueryTimeout(hurried, 20_000).query('SELECT 1 AS one FROM pg_sleep(2)')
    expect(rows).toEqual([{ one: 1 }])
  })

  test('a COMMIT that nobody answers is an unknown outcome', async () => {
    const url = new URL(database.url)
    const proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
    url.port = String(proxy.port)
    const distant = openPool(url.href, { useTimeoutMs: 4_000 })
    proxy.cutAt('COMMIT', 'silence')
    // A pause of a busy machine may be longer: then nothing was sent yet.
    const error = await until(async () => {
      const { error } = await elapsed(() => transaction(distant, (tx) => tx.query('SELECT 1')))
      return proxy.cuts > 0 && error
    })
    expect(error).toBeInstanceOf(CommitUnknownError)
    expect(proxy.cuts).toBe(1)
    await distant.end()
    await proxy.close()
  })
})
