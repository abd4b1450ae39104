import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import type { Pool } from 'pg'
import { migrate, MigrationError } from '../src'
import { migrationsFolder } from './migrations-folder'
import { openPool } from './open-pool'

const USERS = '20260101000000_users'
const ORDERS = '20260201000000_orders'

let database: TestDatabase
let pool: Pool
let folder: ReturnType<typeof migrationsFolder>

beforeEach(async () => {
  database = await createTestDatabase()
  pool = openPool(database.url)
  folder = migrationsFolder({ [USERS]: 'CREATE TABLE users (id int); INSERT INTO users VALUES (1), (1);' })
})
afterEach(async () => {
  folder.remove()
  await pool.end()
  await database.drop()
})

const run = () => migrate({ url: database.url, folder: folder.path })
async function records(): Promise<unknown[]> {
  const { rows } = await pool.query<Record<string, unknown>>(`
    SELECT migration_name AS name, applied_steps_count AS steps, logs, finished_at IS NOT NULL AS finished,
      rolled_back_at IS NOT NULL AS rolled_back
    FROM _prisma_migrations ORDER BY started_at`)
  return rows
}
const exists = async (name: string) =>
  (await pool.query('SELECT WHERE to_regclass($1) IS NOT NULL', [name])).rowCount === 1

const applied = { steps: 1, logs: null, finished: true, rolled_back: false }
const rolledBack = { steps: 0, finished: false, rolled_back: true }
const halfWay = { steps: 0, finished: false, rolled_back: false }

test('an empty database gets all migrations once, oldest first', async () => {
  folder.write(ORDERS, 'CREATE TABLE orders AS SELECT * FROM users;')
  expect(await run()).toEqual([USERS, ORDERS])
  expect(await run()).toEqual([])
  expect(await records()).toEqual([
    { name: USERS, ...applied },
    { name: ORDERS, ...applied },
  ])
})

test("the records are in Prisma's table, with Prisma's checksum", async () => {
  await run()
  const { rows: columns } = await pool.query(`
    SELECT format('%s %s', attname, format_type(atttypid, atttypmod)) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
      || coalesce(' DEFAULT ' || pg_get_expr(adbin, adrelid), '') AS definition
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = '_prisma_migrations'::regclass AND attnum > 0 ORDER BY attnum`)
  // As written by prisma migrate deploy 7.10.
  expect(columns.map((column: { definition: string }) => column.definition)).toEqual([
    'id character varying(36) NOT NULL',
    'checksum character varying(64) NOT NULL',
    'finished_at timestamp with time zone',
    'migration_name character varying(255) NOT NULL',
    'logs text',
    'rolled_back_at timestamp with time zone',
    'started_at timestamp with time zone NOT NULL DEFAULT now()',
    'applied_steps_count integer NOT NULL DEFAULT 0',
  ])
  const { rows } = await pool.query('SELECT checksum FROM _prisma_migrations')
  // echo -n '<the script>' | sha256sum
  expect(rows).toEqual([{ checksum: '49d53a713fff2c21c5530b5b9b7e7a3e1d81f906f0e4016b8a0b85ee80ee13fc' }])
})

describe('a migration that fails', () => {
  test('leaves nothing, is on record, and is applied when its cause is gone', async () => {
    folder.write(ORDERS, 'CREATE TABLE orders (id int); CREATE UNIQUE INDEX ON users (id);')
    const failure = run()
    await expect(failure).rejects.toThrow(MigrationError)
    await expect(failure).rejects.toThrow(
      `Migration ${ORDERS} was rolled back: could not create unique index`,
    )
    expect(await exists('orders')).toBe(false)

    await pool.query('TRUNCATE users')
    expect(await run()).toEqual([ORDERS])
    expect(await records()).toEqual([
      { name: USERS, ...applied },
      {
        name: ORDERS,
        ...rolledBack,
        logs: expect.stringContaining('could not create unique index') as string,
      },
      { name: ORDERS, ...applied },
    ])
  })

  describe('half way, behind a COMMIT of its own,', () => {
    beforeEach(async () => {
      folder.write(ORDERS, 'BEGIN; CREATE TABLE orders (id int); COMMIT; CREATE UNIQUE INDEX ON users (id);')
      await expect(run()).rejects.toThrow(
        `Migration ${ORDERS} failed half way: could not create unique index`,
      )
    })

    test('refuses every start until it is resolved', async () => {
      expect(await exists('orders')).toBe(true)
      expect((await records())[1]).toMatchObject({ name: ORDERS, ...halfWay })
      await expect(run()).rejects.toThrow('was not resolved (could not create unique index')
      await expect(run()).rejects.toThrow('was not resolved (could not create unique index')
    })

    test.each([
      ['rolled_back_at', 'DROP TABLE orders; TRUNCATE users', [ORDERS]],
      ['finished_at', 'TRUNCATE users; CREATE UNIQUE INDEX ON users (id)', []],
    ])('goes on when %s is set as the refusal told', async (column, repair, pending) => {
      const refusal = (await run().catch((error: Error) => error.message)) as string
      await pool.query(repair)
      await pool.query(new RegExp(`UPDATE \\w+ SET ${column} = [^;]+`).exec(refusal)![0])
      expect(await run()).toEqual(pending)
      expect(await run()).toEqual([])
    })
  })
})

test('a script with a transaction of its own, as Prisma writes for enums, is applied', async () => {
  folder.write(ORDERS, 'BEGIN; CREATE TABLE orders (id int); COMMIT; CREATE INDEX ON orders (id);')
  expect(await run()).toEqual([USERS, ORDERS])
  expect((await records())[1]).toEqual({ name: ORDERS, ...applied })
})

describe('CREATE INDEX CONCURRENTLY, which runs in no transaction', () => {
  test('is applied', async () => {
    folder.write(ORDERS, 'CREATE INDEX CONCURRENTLY users_id ON users (id);')
    expect(await run()).toEqual([USERS, ORDERS])
    expect(await exists('users_id')).toBe(true)
    expect((await records())[1]).toEqual({ name: ORDERS, ...applied })
  })

  test('is half way when it fails: it leaves an invalid index', async () => {
    folder.write(ORDERS, 'CREATE UNIQUE INDEX CONCURRENTLY users_id ON users (id);')
    await expect(run()).rejects.toThrow(`Migration ${ORDERS} failed half way: could not create unique index`)
    expect(await exists('users_id')).toBe(true)
    expect((await records())[1]).toMatchObject({
      name: ORDERS,
      ...halfWay,
      logs: expect.stringContaining('could not create unique index') as string,
    })
    await expect(run()).rejects.toThrow('was not resolved (could not create unique index')
  })
})

test('what a script sets for its session does not reach the next one, nor the records', async () => {
  await pool.query('CREATE SCHEMA other')
  folder.write(ORDERS, 'SET search_path = other; CREATE TABLE orders (id int); SET ROLE pg_read_all_data;')
  folder.write('20260301000000_items', 'CREATE TABLE items (id int);')
  const admin = openPool(database.adminUrl)
  await admin.query(`GRANT pg_read_all_data TO ${database.owner}`)
  await admin.end()
  expect(await run()).toEqual([USERS, ORDERS, '20260301000000_items'])
  expect(await exists('other.orders')).toBe(true)
  expect(await exists('public.items')).toBe(true)
})

test('an old build runs on a new schema and says what it does not know, unless that needs a newer one; a changed migration is refused', async () => {
  folder.write(ORDERS, 'CREATE TABLE orders (id int);')
  await run()
  const older = migrationsFolder({
    [USERS]: 'CREATE TABLE users (id int); INSERT INTO users VALUES (1), (1);',
  })
  const said: string[] = []
  const runOlder = () =>
    migrate({ url: database.url, folder: older.path, version: '0.1.0', log: (line) => said.push(line) })
  expect(await runOlder()).toEqual([])
  expect(said).toEqual([
    `the database is newer than this build, 0.1.0, which runs on it as it did before: it does not know ${ORDERS}`,
  ])
  const dropping = '20260301000000_drop_users_needs_0_2'
  folder.write(dropping, 'DROP TABLE users;')
  await run()
  await expect(runOlder()).rejects.toThrow(
    `The newest of the database is ${dropping}, the newest of this build (0.1.0) is ${USERS}`,
  )
  older.remove()
  folder.write(USERS, 'CREATE TABLE people (id int);')
  await expect(run()).rejects.toThrow(`Migration ${USERS} was changed after it was applied`)
  expect(await exists('people')).toBe(false)
})
