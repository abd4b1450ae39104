import { PrismaPg } from '@prisma/adapter-pg'
import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import type { Pool } from 'pg'
import { databaseErrorOf, transaction, type Queryable } from '../src'
import { openPool } from './open-pool'

interface Session extends Pick<Queryable, 'query'> {
  end(): Promise<unknown>
}

let database: TestDatabase
let pool: Pool

beforeAll(async () => {
  database = await createTestDatabase()
  pool = openPool(database.url, { lockTimeoutMs: 8_000 })
  await pool.query(`
    CREATE TABLE users (
      id int PRIMARY KEY,
      email text CONSTRAINT users_email_key UNIQUE,
      age int CONSTRAINT users_age_check CHECK (age > 0),
      boss int CONSTRAINT users_boss_fkey REFERENCES users);
    INSERT INTO users VALUES (1, 'a', 1), (2, 'b', 2)`)
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

async function pgTransaction(isolation: string): Promise<Session> {
  const client = await pool.connect()
  await client.query(`BEGIN ISOLATION LEVEL ${isolation}`)
  return {
    query: (text) => client.query(text),
    end: async () => {
      await client.query('ROLLBACK')
      client.release()
    },
  }
}

async function prismaTransaction(isolation: string): Promise<Session> {
  const adapter = await new PrismaPg(pool).connect()
  const tx = await adapter.startTransaction(isolation as 'SERIALIZABLE')
  const execute = (sql: string) => tx.executeRaw({ sql, args: [], argTypes: [] })
  return {
    query: (text) => execute(text as string) as Promise<never>,
    end: async () => {
      await execute('ROLLBACK')
      await tx.rollback()
      await adapter.dispose()
    },
  }
}

/** As Prisma's client wraps an error of its adapter (7.10). */
const asClientError = (driverAdapterError: unknown) =>
  Object.assign(new Error('Invalid invocation'), { code: 'P2002', meta: { driverAdapterError } })

const raise = (sqlState: string) => `DO $$ BEGIN RAISE 'x' USING ERRCODE = '${sqlState}'; END $$`

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe.each([
  ['pg', pgTransaction, (error: unknown) => error],
  ["Prisma's adapter", prismaTransaction, (error: unknown) => error],
  ["Prisma's client", prismaTransaction, asClientError],
])('with %s', (_, begin, wrap) => {
  let sessions: Session[]
  const open = async (isolation = 'READ COMMITTED') => {
    const session = await begin(isolation)
    sessions.push(session)
    return session
  }
  beforeEach(() => (sessions = []))
  afterEach(() => Promise.all(sessions.map((session) => session.end())))

  test.each([
    ["INSERT INTO users VALUES (3, 'a', 1)", 'unique_violation', '23505', 'users_email_key'],
    ["INSERT INTO users VALUES (3, 'c', 1, 99)", 'foreign_key_violation', '23503', 'users_boss_fkey'],
    ['INSERT INTO users VALUES (NULL)', 'not_null_violation', '23502', undefined],
    ["SELECT 'x'::int", 'data_exception', '22P02', undefined],
    ['SELECT nothing', 'other', '42703', undefined],
    [raise('53100'), 'insufficient_resources', '53100', undefined], // disk_full
    [raise('58030'), 'system_error', '58030', undefined], // io_error
  ])('%s is %s', async (sql, kind, sqlState, constraint) => {
    const session = await open()
    const error = wrap(await failureOf(session.query(sql)))
    expect(databaseErrorOf(error)).toEqual({ kind, sqlState, constraint, retryable: false })
  })

  test('a check violation is one', async () => {
    const session = await open()
    const error = wrap(await failureOf(session.query("INSERT INTO users VALUES (3, 'c', 0)")))
    expect(databaseErrorOf(error)).toMatchObject({ kind: 'check_violation', sqlState: '23514' })
  })

  test('a serialization failure is retryable', async () => {
    const [first, second] = [await open('REPEATABLE READ'), await open('REPEATABLE READ')]
    await second.query('SELECT FROM users')
    await first.query('UPDATE users SET age = 5 WHERE id = 1')
    await first.query('COMMIT')
    const error = wrap(await failureOf(second.query('UPDATE users SET age = 6 WHERE id = 1')))
    expect(databaseErrorOf(error)).toEqual({
      kind: 'serialization_failure',
      sqlState: '40001',
      retryable: true,
    })
  })

  test('a deadlock is retryable', async () => {
    const [first, second] = [await open(), await open()]
    await first.query('UPDATE users SET age = 5 WHERE id = 1')
    await second.query('UPDATE users SET age = 5 WHERE id = 2')
    const failures = await Promise.all([
      // The loser's transaction is rolled back at once, so that the other need not wait for this test.
      failureOf(first.query('UPDATE users SET age = 5 WHERE id = 2')),
      failureOf(second.query('UPDATE users SET age = 5 WHERE id = 1')),
    ])
    const error = wrap(failures.find((error) => error !== undefined))
    expect(databaseErrorOf(error)).toEqual({ kind: 'deadlock', sqlState: '40P01', retryable: true })
  })

  test('a lock not had in time is retryable', async () => {
    const [first, second] = [await open(), await open()]
    await first.query('UPDATE users SET age = 5 WHERE id = 1')
    const error = wrap(await failureOf(second.query('SELECT FROM users WHERE id = 1 FOR UPDATE NOWAIT')))
    expect(databaseErrorOf(error)).toEqual({ kind: 'lock_timeout', sqlState: '55P03', retryable: true })
  })
})

test('a server that is not there is unreachable, with both drivers', async () => {
  const nowhere = openPool('postgresql://nobody@127.0.0.1:1/none')
  const adapter = await new PrismaPg(nowhere).connect()
  const expected = { kind: 'unreachable', retryable: true }
  expect(databaseErrorOf(await failureOf(nowhere.query('SELECT 1')))).toEqual(expected)
  const throughPrisma = adapter.queryRaw({ sql: 'SELECT 1', args: [], argTypes: [] })
  expect(databaseErrorOf(await failureOf(throughPrisma))).toEqual(expected)
  await nowhere.end()
})

test.each([
  ['connect', 'unreachable'],
  ['read', 'connection_lost'],
  ['write', 'connection_lost'],
])('a host that cannot be reached any more while we %s is %s', (syscall, kind) => {
  const error = Object.assign(new Error('No route to host'), { code: 'EHOSTUNREACH', syscall })
  expect(databaseErrorOf(error)).toMatchObject({ kind })
})

test('a transaction that reaches its timeout is a query_timeout', async () => {
  const sleeping = transaction(pool, (tx) => tx.query('SELECT pg_sleep(5)'), {
    timeoutMs: 50,
  })
  expect(databaseErrorOf(await failureOf(sleeping))).toEqual({ kind: 'query_timeout', retryable: false })
})

test('too many connections is retryable', async () => {
  const role = `${database.name}_few`
  const admin = openPool(database.adminUrl, { maxConnections: 1 })
  const url = new URL(database.url)
  await admin.query(`CREATE ROLE ${role} LOGIN CONNECTION LIMIT 1 PASSWORD '${url.password}'`)
  url.username = role
  const few = openPool(url.href, { maxConnections: 2 })
  const error = await failureOf(
    Promise.all([few.query('SELECT pg_sleep(1)'), few.query('SELECT pg_sleep(1)')]),
  )
  expect(databaseErrorOf(error)).toMatchObject({ kind: 'too_many_connections', retryable: true })
  await Promise.all([few.end(), admin.end()])
})

test.each([
  new Error('Boom'),
  new TypeError(),
  { code: 'P2002' },
  { code: 'EPERM' },
  'text',
  null,
  undefined,
])('%p is no error of the database', (error) => expect(databaseErrorOf(error)).toBeUndefined())
