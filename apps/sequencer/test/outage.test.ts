import { setTimeout as sleep } from 'node:timers/promises'
import {
  createCutProxy,
  startTestPostgres,
  until,
  type CutMoment,
  type TestDatabase,
  type TestPostgres,
} from '@ordinal/testing'
import { parseConfig } from '@ordinal/config'
import { migrateSequencer } from '../src/app'
import { sequencerConfig } from '../src/config'
import { createInstance, sorted, valuesOf } from './instance'
import { createLedgerDatabase, queryAsAdmin, upTo, valuesIn } from './sequencer'

describe('when the connection is cut', () => {
  let database: TestDatabase & { runtimeUrl: string }
  let proxy: Awaited<ReturnType<typeof createCutProxy>>
  let instance: ReturnType<typeof createInstance>

  beforeEach(async () => {
    database = await createLedgerDatabase()
    const url = new URL(database.runtimeUrl)
    proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
    url.port = String(proxy.port)
    instance = createInstance(url.href)
    await instance.issue()
  })
  afterEach(async () => {
    await instance.close()
    await proxy.close()
    await database.drop()
  })

  // A batch is one statement and its own transaction: its reply is the reply to the commit.
  test.each<[CutMoment, string]>([
    ['before', 'before the statement arrives'],
    ['after', 'after the commit, so that only the reply is lost'],
    ['silence', 'by a network that swallows everything'],
  ])('%s (%s) each request gets one number all the same', async (moment) => {
    proxy.cutAt('issue_numbers', moment)
    const answers = await Promise.all(
      upTo(50).map((n) => instance.issue(n % 2 ? {} : { idempotencyKey: `k${n}` })),
    )
    expect(proxy.cuts).toBe(1)
    expect(sorted(valuesOf(answers))).toEqual(upTo(51).slice(1))
    expect(await valuesIn(database, 'SG')).toEqual(upTo(51))
  })

  test('a caller who gave up finds the number under its key', async () => {
    proxy.cutAt('issue_numbers', 'after')
    const hasty = createInstance(database.runtimeUrl.replace(/:\d+\//, `:${proxy.port}/`), {
      requestTimeoutMs: 20,
    })
    const lost = await hasty.issue({ idempotencyKey: 'k' }).catch((error: unknown) => error)
    expect(lost).toMatchObject({ code: 'outcome_unknown' })
    const again = await instance.issue({ idempotencyKey: 'k' })
    expect(again).toMatchObject({ replayed: true, numbers: [{ value: 2 }] })
    await hasty.close()
  })
})

describe('when the database', () => {
  let postgres: TestPostgres
  let database: { adminUrl: string; url: string }
  let instance: ReturnType<typeof createInstance>

  beforeAll(async () => {
    postgres = await startTestPostgres()
    const url = postgres.url('postgres')
    database = { adminUrl: url, url }
    await migrateSequencer(parseConfig(sequencerConfig, { SEQUENCER_DATABASE_URL: url }))
  }, 60_000)
  beforeEach(() => {
    instance = createInstance(database.url)
  })
  afterEach(() => instance.close())
  afterAll(() => postgres.remove())

  test('is killed under load, what was acknowledged is kept, and the values are dense', async () => {
    const answered = new Map<string, number>()
    let stop = false
    const client = async (id: number) => {
      for (let n = 0; !stop; n += 1) {
        const key = `${id}-${n}`
        // As a caller would: the same key until there is an answer.
        for (;;) {
          const issued = await instance.issue({ idempotencyKey: key }).catch(() => undefined)
          if (!issued) continue
          answered.set(key, issued.numbers[0]!.value)
          break
        }
      }
    }
    const clients = upTo(16).map(client)
    let kills = 0
    for (; kills < 3; kills += 1) {
      const before = answered.size
      await until(() => answered.size > before + 100)
      await postgres.kill9()
      await postgres.restart()
    }
    await sleep(500)
    stop = true
    await Promise.all(clients)

    const rows = await queryAsAdmin<{ idempotency_key: string; value: string }>(
      database,
      `SELECT idempotency_key, value FROM ledger WHERE prefix = 'SG' ORDER BY value`,
    )
    expect(rows.map(({ value }) => Number(value))).toEqual(upTo(rows.length))
    expect(new Map(rows.map((row) => [row.idempotency_key, Number(row.value)]))).toEqual(answered)
  }, 60_000)

  test('is away for longer than a request may wait, the answer is 503, and nothing was issued', async () => {
    const impatient = createInstance(database.url, { requestTimeoutMs: 300 })
    await instance.issue({ prefix: 'INV' })
    await impatient.issue({ prefix: 'INV' })
    const before = await valuesIn(database, 'INV')
    await postgres.kill9()
    // On a connection that is dead and not known to be, a request may have been carried out.
    await until(() => instance.connections() + impatient.connections() === 0)
    const results = await Promise.allSettled(
      [instance, impatient].map(({ issue }) => issue({ prefix: 'INV' })),
    )
    expect(
      results.map((result) => result.status === 'rejected' && (result.reason as { code: string }).code),
    ).toEqual(['database_unavailable', 'database_unavailable'])
    await postgres.restart()
    expect(await valuesIn(database, 'INV')).toEqual(before)
    await expect(impatient.issue({ prefix: 'INV' })).resolves.toMatchObject({
      numbers: [{ value: before.length + 1 }],
    })
    await impatient.close()
  }, 30_000)

  test('commits without the standby that must confirm, the outcome is unknown, and a retry waits as well', async () => {
    await instance.issue({ prefix: 'GLOBAL' })
    await postgres.restart({ synchronous_standby_names: 'nobody' })
    const waiting = createInstance(database.url, { requestTimeoutMs: 1500 })
    const cancelled = cancelSyncWait(database)
    const outcome = await waiting
      .issue({ prefix: 'GLOBAL', idempotencyKey: 'k' })
      .catch((error: unknown) => error)
    expect(await cancelled).toBeGreaterThan(0)
    expect(outcome).toMatchObject({ code: 'outcome_unknown' })
    // The row is there and visible; only the wait for the standby keeps its number from being told.
    const told = await waiting
      .issue({ prefix: 'GLOBAL', idempotencyKey: 'k' })
      .catch((error: unknown) => error)
    expect(told).toMatchObject({ code: 'outcome_unknown' })
    await waiting.close()
    await postgres.restart({ synchronous_standby_names: '' })
    const later = createInstance(database.url)
    await expect(later.issue({ prefix: 'GLOBAL', idempotencyKey: 'k' })).resolves.toMatchObject({
      replayed: true,
      numbers: [{ value: 2 }],
    })
    await later.close()
  }, 60_000)
})

/** Cancels the first wait for a standby that it sees; gives how many it cancelled. */
async function cancelSyncWait(database: { adminUrl: string }): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const rows = await queryAsAdmin<{ done: boolean }>(
      database,
      `SELECT pg_cancel_backend(pid) AS done FROM pg_stat_activity WHERE wait_event = 'SyncRep'`,
    )
    if (rows.length > 0) return rows.length
    await sleep(20)
  }
  return 0
}
