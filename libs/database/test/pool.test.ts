import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { createTestDatabase, until, type TestDatabase } from '@ordinal/testing'
import { Client, Pool } from 'pg'
import { databaseErrorOf, transaction } from '../src'
import { openPool } from './open-pool'

let database: TestDatabase
let admin: Client

beforeAll(async () => {
  database = await createTestDatabase()
  admin = new Client(database.adminUrl)
  await admin.connect()
})
afterAll(async () => {
  await admin.end()
  await database.drop()
})

const terminate = (pid: number) => admin.query('SELECT pg_terminate_backend($1, 60000)', [pid])

test('the limits hold on the server for each session', async () => {
  const pool = openPool(database.url, { lockTimeoutMs: 700, idleInTransactionTimeoutMs: 20_000 })
  const { rows } = await pool.query(`
    SELECT current_setting('application_name') AS name, current_setting('statement_timeout') AS statement,
      current_setting('lock_timeout') AS lock, current_setting('idle_in_transaction_session_timeout') AS idle`)
  expect(rows).toEqual([{ name: 'test', statement: '10s', lock: '700ms', idle: '20s' }])
  await pool.end()
})

test('a statement that runs too long is cancelled by the server, and its connection serves on', async () => {
  const pool = openPool(database.url, { statementTimeoutMs: 2_000, maxConnections: 1 })
  const before = await pool.query('SELECT pg_backend_pid()')
  const error: unknown = await pool.query('SELECT pg_sleep(15)').catch((error: unknown) => error)
  expect(databaseErrorOf(error)).toMatchObject({ kind: 'query_canceled', retryable: false })
  expect((await pool.query('SELECT pg_backend_pid()')).rows).toEqual(before.rows)
  await pool.end()
})

test('an exhausted pool answers with an error in time', async () => {
  const pool = openPool(database.url, { connectTimeoutMs: 300, maxConnections: 1 })
  // The limit holds for a new connection, too, which takes longer on a busy machine.
  const holder = await until(() => pool.connect().catch(() => undefined))
  const start = Date.now()
  const error: unknown = await pool.query('SELECT 1').catch((error: unknown) => error)
  expect(databaseErrorOf(error)).toEqual({ kind: 'pool_timeout', retryable: true })
  expect(Date.now() - start).toBeGreaterThanOrEqual(290)
  // And not only when the connection is given back.
  expect(Date.now() - start).toBeLessThan(10_000)
  holder.release()
  await pool.query('SELECT 1')
  await pool.end()
})

test('a server that takes a connection and says nothing is asked again at once, and the query is answered', async () => {
  const { hostname, port } = new URL(database.url)
  const silent: Socket[] = []
  const balancer = createServer((client) => {
    if (silent.length < 2) return void silent.push(client)
    const upstream = connect(Number(port), hostname)
    client.pipe(upstream).pipe(client)
    client.on('close', () => upstream.destroy())
  })
  await new Promise<void>((resolve) => balancer.listen(0, hostname, resolve))
  const url = new URL(database.url)
  url.port = String((balancer.address() as AddressInfo).port)
  const pool = openPool(url.href, { connectTimeoutMs: 18_000, useTimeoutMs: 15_000 })
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  expect(silent).toHaveLength(2)
  await pool.end()
  for (const client of silent) client.destroy()
  await new Promise((resolve) => balancer.close(resolve))
})

test('control: a pool without the limit waits on', async () => {
  const pool = new Pool({ connectionString: database.url, max: 1 })
  const holder = await pool.connect()
  const waiting = pool.query('SELECT 1').then(() => 'served')
  const limit = new Promise((resolve) => setTimeout(resolve, 600, 'still waiting'))
  expect(await Promise.race([waiting, limit])).toBe('still waiting')
  holder.release()
  await waiting
  await pool.end()
})

test('idle backends that die are reported, and replaced', async () => {
  const onError = jest.fn()
  const pool = openPool(database.url, { onError, maxConnections: 1 })
  const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  await terminate(rows[0]!.pid)
  const after = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  expect(after.rows[0]!.pid).not.toBe(rows[0]!.pid)
  expect(onError).toHaveBeenCalledTimes(1)
  expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: '57P01' }))
  await pool.end()
})

test('a backend that dies under a query fails that query only, and is not used again', async () => {
  const onError = jest.fn()
  const pool = openPool(database.url, { onError, maxConnections: 1 })
  const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const query = pool.query('SELECT pg_sleep(5)').catch((error: unknown) => error)
  await terminate(rows[0]!.pid)
  expect(databaseErrorOf(await query)).toMatchObject({ kind: 'connection_lost', retryable: false })
  await expect(pool.query('SELECT 1')).resolves.toBeDefined()
  expect(pool.totalCount).toBe(1)
  await pool.end()
})

test('a connection that has become read-only, as one to a demoted primary, is replaced', async () => {
  const pool = openPool(database.url, { maxConnections: 1 })
  await pool.query('CREATE TABLE orders (id int)')
  await pool.query('SET default_transaction_read_only = on')
  const error: unknown = await pool.query('INSERT INTO orders VALUES (1)').catch((error: unknown) => error)
  expect(databaseErrorOf(error)).toMatchObject({ kind: 'read_only', retryable: true })
  await expect(pool.query('INSERT INTO orders VALUES (1)')).resolves.toBeDefined()
  await pool.end()
})

test('a transaction left open never returns to the pool', async () => {
  const pool = openPool(database.url, { maxConnections: 1 })
  const before = await pool.query('BEGIN; SELECT pg_backend_pid()')
  const after = await pool.query(`SELECT pg_backend_pid(), now() = statement_timestamp() AS fresh`)
  expect(after.rows[0]).toMatchObject({ fresh: true })
  expect(after.rows).not.toEqual(before.rows)
  await pool.end()
})

describe('int8', () => {
  let pool: Pool
  beforeAll(() => {
    pool = openPool(database.url, { maxConnections: 1 })
  })
  afterAll(() => pool.end())

  test('is a number, alone and in arrays', async () => {
    const { rows } = await pool.query(
      `SELECT 9007199254740991::int8 AS value, '{{1,NULL},{-9007199254740991,4}}'::int8[] AS list, NULL::int8 AS none`,
    )
    expect(rows).toEqual([
      {
        value: 9007199254740991,
        list: [
          [1, null],
          [-9007199254740991, 4],
        ],
        none: null,
      },
    ])
  })

  test('beyond 2^53 is an error that leaves the connection usable', async () => {
    const { rows: before } = await pool.query('SELECT pg_backend_pid()')
    await expect(pool.query('SELECT 9007199254740992::int8')).rejects.toThrow(RangeError)
    const inArray = transaction(pool, (tx) => tx.query(`SELECT '{9007199254740993}'::int8[]`))
    await expect(inArray).rejects.toThrow(RangeError)
    expect((await pool.query('SELECT pg_backend_pid()')).rows).toEqual(before)
  })

  test('is left as it was for other users of pg', async () => {
    const { rows } = await admin.query('SELECT 1::int8 AS value')
    expect(rows).toEqual([{ value: '1' }])
  })
})
