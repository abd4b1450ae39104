import { deadlineIn, noDeadline } from '@ordinal/deadline'
import { createCutProxy, createTestDatabase, startTestPostgres, until, type CutProxy } from '@ordinal/testing'
import type { TestDatabase, TestPostgres } from '@ordinal/testing'
import { Client, Pool } from 'pg'
import { CommitUnknownError, databaseErrorOf, runAlone, transaction } from '../src'
import { openPool } from './open-pool'

describe('a connection cut at COMMIT', () => {
  let database: TestDatabase
  let proxy: CutProxy
  let pool: Pool
  let direct: Pool

  beforeAll(async () => {
    database = await createTestDatabase()
    const url = new URL(database.url)
    proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
    url.port = String(proxy.port)
    pool = openPool(url.href, { idleInTransactionTimeoutMs: 5_000 })
    direct = openPool(database.url)
    await direct.query('CREATE TABLE orders (id int PRIMARY KEY)')
  })
  beforeEach(() => direct.query('TRUNCATE orders'))
  afterAll(async () => {
    await Promise.all([pool.end(), direct.end()])
    await proxy.close()
    await database.drop()
  })

  const orders = async () => (await direct.query<{ id: number }>('SELECT id FROM orders')).rows
  const insert = (runs: { count: number }, deadline = noDeadline) =>
    transaction(
      pool,
      async (tx) => {
        runs.count++
        await tx.query('INSERT INTO orders VALUES (1)')
      },
      { deadline },
    ).catch((error: unknown) => error)

  test.each([
    ['before', []],
    ['after', [{ id: 1 }]],
  ] as const)('%s the server has it is an unknown outcome, never tried again', async (moment, kept) => {
    const cutsBefore = proxy.cuts
    proxy.cutAt('COMMIT', moment)
    const runs = { count: 0 }
    const error = await insert(runs)
    expect(error).toBeInstanceOf(CommitUnknownError)
    expect(databaseErrorOf(error)).toEqual({ kind: 'commit_unknown', retryable: false })
    expect(proxy.cuts).toBe(cutsBefore + 1)
    expect(runs.count).toBe(1)
    expect(await orders()).toEqual(kept)
    await expect(pool.query('SELECT 1')).resolves.toBeDefined()
  })

  test('that is swallowed by the network is an unknown outcome when the deadline passes', async () => {
    const cutsBefore = proxy.cuts
    proxy.cutAt('COMMIT', 'silence')
    // A pause of a busy machine may be longer: then nothing was sent yet.
    const error = await until(async () => {
      const failure = await insert({ count: 0 }, deadlineIn(3_000))
      return proxy.cuts > cutsBefore && failure
    })
    expect(error).toBeInstanceOf(CommitUnknownError)
    expect(error).toMatchObject({ cause: { code: 'deadline_exceeded' } })
    expect(proxy.cuts).toBe(cutsBefore + 1)
    // The server never hears of the end, and lets the locks go all the same.
    await direct.query('TRUNCATE orders')
  })

  const insertAlone = (deadline = noDeadline) =>
    runAlone(pool, { text: 'INSERT INTO orders VALUES (1)' }, { deadline }).catch((error: unknown) => error)

  test.each([
    ['before', []],
    ['after', [{ id: 1 }]],
  ] as const)(
    '%s the server has a statement that is its own transaction, the outcome is unknown',
    async (moment, kept) => {
      proxy.cutAt('INSERT', moment)
      const error = await insertAlone()
      expect(error).toBeInstanceOf(CommitUnknownError)
      expect(databaseErrorOf(error)).toEqual({ kind: 'commit_unknown', retryable: false })
      expect(await orders()).toEqual(kept)
      await expect(pool.query('SELECT 1')).resolves.toBeDefined()
    },
  )

  test('the outcome is known of such a statement that was never sent, or that the server refused', async () => {
    expect(await insertAlone(deadlineIn(0))).toMatchObject({ code: 'deadline_exceeded' })
    await direct.query('INSERT INTO orders VALUES (1)')
    const error = await insertAlone()
    expect(error).not.toBeInstanceOf(CommitUnknownError)
    expect(databaseErrorOf(error)?.kind).toBe('unique_violation')
  })

  test('control: cut in the middle of the work, the outcome is known', async () => {
    proxy.cutAt('INSERT', 'after')
    const error = await insert({ count: 0 })
    expect(error).not.toBeInstanceOf(CommitUnknownError)
    expect(databaseErrorOf(error)?.kind).toBe('connection_lost')
    expect(await orders()).toEqual([])
  })
})

describe('a commit that waits for a standby and is cancelled', () => {
  let server: TestPostgres
  let admin: Client

  beforeAll(async () => {
    server = await startTestPostgres({ synchronous_standby_names: 'nobody' })
    admin = new Client(server.adminUrl)
    await admin.connect()
    await admin.query('SET synchronous_commit = local; CREATE TABLE orders (id int PRIMARY KEY)')
  })
  afterAll(async () => {
    await admin.end()
    await server.remove()
  })

  /** Cancels the backend as soon as it waits. */
  async function cancelWaiting() {
    for (;;) {
      const { rowCount } = await admin.query(
        `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`,
      )
      if (rowCount) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const visible = async (id: number) =>
    (await admin.query('SELECT FROM orders WHERE id = $1', [id])).rowCount === 1

  test('is an unknown outcome, in a transaction and alone', async () => {
    const pool = openPool(server.adminUrl)
    const inTransaction = transaction(pool, (tx) => tx.query('INSERT INTO orders VALUES (1)'))
    await Promise.all([expect(inTransaction).rejects.toThrow(CommitUnknownError), cancelWaiting()])
    const alone = pool.query('INSERT INTO orders VALUES (2)')
    await Promise.all([expect(alone).rejects.toThrow(CommitUnknownError), cancelWaiting()])
    expect([await visible(1), await visible(2)]).toEqual([true, true])
    await expect(pool.query('SELECT 1')).resolves.toBeDefined()
    await pool.end()
  })

  test('control: a plain pool takes it for done', async () => {
    const plain = new Pool({ connectionString: server.adminUrl })
    const [{ rowCount }] = await Promise.all([plain.query('INSERT INTO orders VALUES (3)'), cancelWaiting()])
    expect(rowCount).toBe(1)
    await plain.end()
  })
})
