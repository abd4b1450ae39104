import {
  createTestDatabase,
  startTestPgbouncer,
  until,
  withPgbouncer,
  type TestDatabase,
  type TestPgbouncer,
} from '@ordinal/testing'
import { Client, type Pool } from 'pg'
import { databaseErrorOf, migrate, MigrationError, transaction, type PoolSettings } from '../src'
import { migrationsFolder } from './migrations-folder'
import { openPool } from './open-pool'

const limitsSql = `
  SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
    current_setting('idle_in_transaction_session_timeout') AS idle,
    current_setting('client_connection_check_interval') AS check`
const limits = { lockTimeoutMs: 700, idleInTransactionTimeoutMs: 20_000 }
const ours = { statement: '10s', lock: '700ms', idle: '20s', check: '1s' }
const theServers = { statement: '0', lock: '0', idle: '0', check: '0' }

/** More callers than connections, each with a statement of one name of its own and one that all have. */
const ask = (pool: Pool, times = 400) =>
  Promise.all(
    Array.from({ length: times }, async (_, n) => {
      const own = { name: `own_${n % 10}`, text: `SELECT ${n % 10} + $1::int AS sum`, values: [n] }
      const shared = { name: 'shared', text: 'SELECT $1::int AS sum', values: [n] }
      const results = [await pool.query(own), await pool.query(shared)]
      return results.map(({ rows }) => (rows[0] as { sum: number }).sum)
    }),
  )
const answers = Array.from({ length: 400 }, (_, n) => [(n % 10) + n, n])

withPgbouncer('behind PgBouncer', () => {
  let database: TestDatabase
  let poolers: Record<'session' | 'transaction', TestPgbouncer>
  let pool: Pool | undefined

  beforeAll(async () => {
    const few = { settings: { default_pool_size: 3 } }
    poolers = {
      session: await startTestPgbouncer('session'),
      transaction: await startTestPgbouncer('transaction', few),
    }
    database = await createTestDatabase()
  })
  afterEach(async () => {
    await pool?.end()
    pool = undefined
  })
  afterAll(async () => {
    await Promise.all(Object.values(poolers).map((pooler) => pooler.remove()))
    await database.drop()
  })

  const open = (mode: keyof typeof poolers, changed: Partial<PoolSettings> = {}) =>
    (pool = openPool(poolers[mode].through(database.url), { maxConnections: 10, ...changed }))

  test.each(['session', 'transaction'] as const)(
    'in %s mode named statements are answered, each with its own answer, and the pooler is reported once',
    async (mode) => {
      const onPooler = jest.fn()
      expect(await ask(open(mode, { onPooler }))).toEqual(answers)
      expect(onPooler).toHaveBeenCalledTimes(1)
    },
  )

  test('control: with names kept, statements fail in transaction mode', async () => {
    // The sessions of the others would keep the limits that are set here.
    const own = await startTestPgbouncer('transaction', { settings: { default_pool_size: 3 } })
    pool = openPool(own.through(database.url), { maxConnections: 10, pooler: 'session' })
    const results = await ask(pool).catch((error: unknown) => error)
    expect(databaseErrorOf(results)?.sqlState).toMatch(/^(26000|42P05)$/)
    await own.remove()
  })

  test('a pooler that is known to keep sessions has names and limits', async () => {
    open('session', { pooler: 'session', maxConnections: 2, ...limits })
    expect((await pool!.query(limitsSql)).rows).toEqual([ours])
    await pool!.query({ name: 'kept', text: 'SELECT 1' })
    const { rows } = await pool!.query('SELECT name FROM pg_prepared_statements')
    expect(rows).toEqual([{ name: 'kept' }])
  })

  test.each(['auto', 'transaction'] as const)(
    'as %s, limits hold in transactions, and stay nowhere',
    async (pooler) => {
      open('transaction', { pooler, ...limits })
      const inside = await transaction(pool!, (tx) => tx.query(limitsSql), { isolation: 'repeatable read' })
      expect(inside.rows).toEqual([ours])
      const outside = await Promise.all(Array.from({ length: 20 }, () => pool!.query(limitsSql)))
      for (const { rows } of outside) expect(rows).toEqual([theServers])
    },
  )

  test('nothing is in between: all is as before, and no pooler is reported', async () => {
    const onPooler = jest.fn()
    pool = openPool(database.url, { onPooler, maxConnections: 1, ...limits })
    expect((await pool.query(limitsSql)).rows).toEqual([ours])
    await pool.query({ name: 'kept', text: 'SELECT 1' })
    expect((await pool.query('SELECT name FROM pg_prepared_statements')).rows).toEqual([{ name: 'kept' }])
    expect(onPooler).not.toHaveBeenCalled()
  })

  test('a pooler without a free session is an error in time, that may be tried again', async () => {
    const holders = Array.from({ length: 3 }, () => new Client(poolers.transaction.through(database.url)))
    for (const holder of holders) {
      await holder.connect()
      await holder.query('BEGIN')
    }
    const error: unknown = await open('transaction', { connectTimeoutMs: 1_000 })
      .query('SELECT 1')
      .catch((error: unknown) => error)
    expect(databaseErrorOf(error)).toEqual({ kind: 'unreachable', retryable: true })
    await Promise.all(holders.map((holder) => holder.end()))
    // A second may be too short on a busy machine.
    await until(() =>
      pool!.query('SELECT 1').then(
        () => true,
        () => false,
      ),
    )
  })

  describe.each(['session', 'transaction'] as const)('in %s mode, migrations', (mode) => {
    let fresh: TestDatabase
    let folder: ReturnType<typeof migrationsFolder>
    beforeEach(async () => {
      fresh = await createTestDatabase()
      folder = migrationsFolder({
        '20260101000000_users': 'CREATE TABLE users AS SELECT 1 AS id FROM pg_sleep(0.3);',
        '20260301000000_orders': `SET search_path = pg_catalog; CREATE TABLE public.orders (id int);`,
      })
    })
    afterEach(async () => {
      folder.remove()
      // The pooler keeps its sessions: the database cannot be dropped without a complaint about them.
      await poolers[mode].kill9()
      await poolers[mode].start()
      await fresh.drop()
    })
    const run = (log?: (line: string) => void) =>
      migrate({
        url: poolers[mode].through(fresh.url),
        urlVariable: 'SEQUENCER_MIGRATION_DATABASE_URL',
        folder: folder.path,
        log,
      })

    test('are applied once, by one of many instances, also beside one that is not behind the pooler', async () => {
      const direct = migrate({ url: fresh.url, folder: folder.path })
      const applied = await Promise.all([...Array.from({ length: 5 }, () => run()), direct])
      expect(applied.flat().sort()).toEqual(['20260101000000_users', '20260301000000_orders'])
      expect(await run()).toEqual([])
    })

    test('take their time, whatever limit the role has', async () => {
      const admin = new Client(fresh.adminUrl)
      await admin.connect()
      await admin.query(`ALTER ROLE "${fresh.owner}" SET statement_timeout = '100ms'`)
      await admin.end()
      expect(await run()).toHaveLength(2)
    })

    test('that fail leave nothing behind but a record, and are tried again', async () => {
      folder.write('20260301000000_orders', 'CREATE TABLE orders (id int); SELECT 1 / 0;')
      await expect(run()).rejects.toThrow('was rolled back: division by zero')
      folder.write('20260301000000_orders', 'CREATE TABLE orders (id int);')
      expect(await run()).toEqual(['20260301000000_orders'])
    })

    test('that need a session name the variable that leads past the pooler', async () => {
      folder.write('20260401000000_index', 'CREATE INDEX CONCURRENTLY ON users ((1));')
      const refused = run()
      await expect(refused).rejects.toThrow(MigrationError)
      await expect(refused).rejects.toThrow(
        'Migration 20260401000000_index cannot run in a transaction, and a connection pooler (pgbouncer or the like) ' +
          'stands before the database: set SEQUENCER_MIGRATION_DATABASE_URL to a URL that leads to PostgreSQL itself.',
      )
      expect(await migrate({ url: fresh.url, folder: folder.path })).toEqual(['20260401000000_index'])
    })
  })
})
