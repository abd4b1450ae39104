import { Client, type Pool } from 'pg'
import { createCutProxy, startTestPostgres, until, type CutProxy, type TestPostgres } from '@ordinal/testing'
import { CommitUnknownError, createWriteCheck, databaseErrorOf, QueryTimeoutError } from '../src'
import { openPool } from './open-pool'

let postgres: TestPostgres
let proxy: CutProxy
let pool: Pool
let admin: Client

beforeAll(async () => {
  // Nothing else is to take a transaction id.
  postgres = await startTestPostgres({ autovacuum: 'off' })
  const url = new URL(postgres.adminUrl)
  proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
  admin = new Client(postgres.adminUrl)
  await admin.connect()
  await admin.query(`CREATE ROLE weak LOGIN PASSWORD 'weak'`)
  url.port = String(proxy.port)
  url.username = url.password = 'weak'
  pool = openPool(url.href, { maxConnections: 1 })
})
afterAll(async () => {
  await pool.end()
  await admin.end()
  await proxy.close()
  await postgres.remove()
})

const failureOf = (check: () => Promise<void>) => check().catch((error: unknown) => error)
const change = async (setting: string, value: string) => {
  await admin.query(`ALTER SYSTEM SET ${setting} = '${value}'`)
  await admin.query('SELECT pg_reload_conf()')
  await until(async () => {
    const { rows } = await admin.query<{ now: string }>(`SELECT current_setting('${setting}') AS now`)
    return rows[0]!.now === value
  })
}
/** How many transactions have written in the meantime. */
const writes = async (work: () => Promise<unknown>) => {
  const next = async () => {
    const { rows } = await admin.query<{ next: string }>(
      'SELECT pg_snapshot_xmax(pg_current_snapshot()) AS next',
    )
    return Number(rows[0]!.next)
  }
  const before = await next()
  await work()
  return (await next()) - before
}

test('a role without any rights can check, and of many checks one writes', async () => {
  const check = createWriteCheck(pool, { timeoutMs: 20_000, writeEveryMs: 60_000 })
  expect(await writes(check)).toBe(1)
  expect(await writes(() => Promise.all(Array.from({ length: 20 }, check)))).toBe(0)
  const always = createWriteCheck(pool, { timeoutMs: 20_000, writeEveryMs: 0 })
  expect(await writes(() => always().then(always))).toBe(2)
})

test('a server that is read-only fails at once, also between two writes, and its connection is given up', async () => {
  const check = createWriteCheck(pool, { timeoutMs: 20_000, writeEveryMs: 60_000 })
  await check()
  await change('default_transaction_read_only', 'on')
  await until(async () => (await failureOf(check)) !== undefined)
  const failure = await failureOf(check)
  expect(databaseErrorOf(failure)).toMatchObject({ kind: 'read_only', sqlState: '25006' })
  expect(pool.totalCount).toBe(0)
  await change('default_transaction_read_only', 'off')
  await until(async () => (await failureOf(check)) === undefined)
})

test('without a standby that confirms, each check fails in time, and no sessions gather; then it passes at once', async () => {
  const check = createWriteCheck(pool, { timeoutMs: 1_000, writeEveryMs: 0 })
  const waiting = async () => {
    const { rows } = await admin.query<{ count: string }>(
      `SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`,
    )
    return Number(rows[0]!.count)
  }
  // A slow disk may take longer than it has.
  await until(async () => (await failureOf(check)) === undefined)
  await change('synchronous_standby_names', 'nobody')
  for (let tries = 0; tries < 12; tries += 1) expect(await failureOf(check)).toBeInstanceOf(QueryTimeoutError)
  // Of each the session is ended by the next, or by the one after it.
  await until(async () => (await waiting()) <= 2)
  expect(await waiting()).toBeLessThanOrEqual(2)
  const patient = createWriteCheck(pool, { timeoutMs: 20_000, writeEveryMs: 0 })
  const unconfirmed = failureOf(patient)
  let ended = false
  void unconfirmed.then(() => (ended = true))
  await until(async () => {
    await admin.query(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
    return ended
  })
  expect(await unconfirmed).toBeInstanceOf(CommitUnknownError)
  await change('synchronous_standby_names', '')
  await until(async () => (await failureOf(check)) === undefined)
})

test('a network that swallows everything fails it in time, and the next check passes', async () => {
  const check = createWriteCheck(pool, { timeoutMs: 1_000, writeEveryMs: 0 })
  const cutsBefore = proxy.cuts
  proxy.cutAt('ordinal.ready', 'silence')
  // A pause of a busy machine may end one before its statement is sent.
  await until(async () => {
    expect(await failureOf(check)).toBeInstanceOf(QueryTimeoutError)
    return proxy.cuts > cutsBefore
  })
  expect(proxy.cuts).toBe(cutsBefore + 1)
  await until(async () => (await failureOf(check)) === undefined)
})

test('it tells that nobody listens', async () => {
  const nowhere = openPool('postgresql://nobody@127.0.0.1:1/none')
  const failure = await failureOf(createWriteCheck(nowhere, { timeoutMs: 20_000, writeEveryMs: 0 }))
  expect(databaseErrorOf(failure)).toEqual({ kind: 'unreachable', retryable: true })
  await nowhere.end()
})
