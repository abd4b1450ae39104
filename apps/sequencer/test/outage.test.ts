import { Client } from 'pg'
import type { AppError } from '@ordinal/errors'
import { createLogger } from '@ordinal/logging'
import {
  collectLog,
  createCutProxy,
  inspectLedger,
  startTestPostgres,
  until,
  type CutMoment,
  type TestDatabase,
  type TestPostgres,
} from '@ordinal/testing'
import { parseConfig } from '@ordinal/config'
import { migrateSequencer } from '../src/app'
import { sequencerConfig } from '../src/config'
import type { Issued } from '../src/ledger/request'
import { issueNumbers } from '../src/ledger/statements'
import { daysAgo, monthsAgo } from './business-dates'
import { createInstance, plain, sorted, untilInTime, valuesOf } from './instance'
import { expectAnswersInLedger, startRetryingClients } from './retrying-clients'
import { createLedgerDatabase, upTo, valuesIn } from './sequencer'

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
    const answers = await Promise.all(upTo(50).map((n) => instance.issue(n % 2 ? {} : { key: `k${n}` })))
    expect(proxy.cuts).toBe(1)
    expect(sorted(valuesOf(answers))).toEqual(upTo(51).slice(1))
    expect(await valuesIn(database, 'SG')).toEqual(upTo(51))
  })

  test('a caller whose deadline has passed finds the number under its key', async () => {
    // Longer than it may take on its way to the database.
    const hasty = createInstance(database.runtimeUrl.replace(/:\d+\//, `:${proxy.port}/`), {
      requestTimeoutMs: 4_000,
    })
    proxy.cutAt('issue_numbers', 'after')
    const asked = hasty.issue({ key: 'k' }).catch((error: unknown) => error)
    await until(() => proxy.cuts === 1)
    // Nor does a retry learn of it.
    proxy.freeze()
    const lost = await asked
    proxy.thaw()
    expect(lost).toMatchObject({ code: 'outcome_unknown' })
    // The number may have been issued.
    expect(String((lost as Error).cause)).not.toContain('nothing was issued')
    // What was sent may still be on its way, and be overtaken.
    await until(async () => (await valuesIn(database, 'SG')).length === 2)
    const again = await instance.issue({ key: 'k' })
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
  })
  beforeEach(() => {
    instance = createInstance(database.url)
  })
  afterEach(() => instance.close())
  afterAll(() => postgres.remove())

  test('is killed under load, what was acknowledged is kept, and the values are dense', async () => {
    const logged = collectLog()
    const log = createLogger({ service: 'test', level: 'info', stream: logged.stream })
    const logging = createInstance(database.url, { log })
    const clients = startRetryingClients(logging)
    for (let kills = 0; kills < 3; kills += 1) {
      await clients.untilAnswered(100)
      await postgres.kill9()
      await postgres.restart()
    }
    await clients.untilAnswered(100)
    await clients.stop()
    await expectAnswersInLedger(database, clients.answered)
    await logging.close()
    await log.close()
    expectEachOutageOnce(logged.entries, 3)
  })

  test('is away for longer than a request may wait, the answer is 503, and nothing was issued', async () => {
    const instances = [300, 2_000].map((requestTimeoutMs) =>
      createInstance(database.url, { requestTimeoutMs }),
    )
    const issued = (its: ReturnType<typeof createInstance>, key: string) =>
      untilInTime(() => its.issue({ prefix: 'INV', key }))
    for (const [nth, its] of instances.entries()) await issued(its, `before ${nth}`)
    const before = await valuesIn(database, 'INV')
    const failed = () =>
      Promise.all(instances.map((its) => its.metric('sequencer_number_requests_failed_total')))
    const failedBefore = await failed()
    await postgres.kill9()
    // On a connection that is dead and not known to be, a request may have been carried out.
    await until(() => instances.every((its) => its.connections() === 0))
    const results = await Promise.allSettled(
      instances.flatMap(({ issue }) =>
        upTo(10).map((day) => issue({ prefix: 'INV', business_date: daysAgo(day) })),
      ),
    )
    const codes = results.map(
      (result) => result.status === 'rejected' && (result.reason as { code: string }).code,
    )
    // A deadline may pass while one more attempt is under way, which may then get a connection after all.
    expect(codes).toContain('database_unavailable')
    expect(['database_unavailable', 'outcome_unknown']).toEqual(expect.arrayContaining(codes))
    expect(await failed()).toEqual(failedBefore.map((count) => count + 10))
    await postgres.restart()
    expect(await valuesIn(database, 'INV')).toEqual(before)
    for (const [nth, its] of instances.entries()) {
      expect(valuesOf([await issued(its, `after ${nth}`)])).toEqual([before.length + nth + 1])
      await its.close()
    }
  })

  test('commits without its standby, 50 cancels and 50 ended backends give no acknowledgement, nor do their retries', async () => {
    const slots = upTo(8).map((n) => ({ prefix: 'PO', business_date: monthsAgo(n) }))
    const { numbers, period } = await instance.issue({ ...slots[0], event: 'reserve', hold_seconds: 600 })
    const ask = (its: ReturnType<typeof createInstance>) => [
      ...slots.map((slot, n) => its.issue({ ...slot, key: `k${n}` })),
      its.change({
        ...{ prefix: 'PO', period, ...numbers[0]!, caller: 'anonymous', request_id: 'test' },
        ...{ event: 'confirm', key: 'confirmed' },
      }),
    ]
    await postgres.restart({ synchronous_standby_names: 'nobody' })
    // Longer than a request may take on its way to the database.
    const waiting = createInstance(database.url, { requestTimeoutMs: 5_000 })
    // One connection for all: whoever opens one for each is too slow, and requests end behind a lane that still waits.
    const admin = new Client(database.adminUrl)
    await admin.connect()
    const ended = { pg_cancel_backend: 0, pg_terminate_backend: 0 }
    const acknowledged: Issued[] = []
    const refusals = new Set<string>()
    while (ended.pg_cancel_backend < 50 || ended.pg_terminate_backend < 50) {
      const asking = Promise.allSettled(ask(waiting))
      let answered = false
      void asking.then(() => (answered = true))
      while (!answered) {
        const how =
          ended.pg_cancel_backend <= ended.pg_terminate_backend ? 'pg_cancel_backend' : 'pg_terminate_backend'
        ended[how] += await endOneWaitForStandby(admin, how)
      }
      for (const result of await asking)
        if (result.status === 'fulfilled') acknowledged.push(result.value)
        else refusals.add((result.reason as AppError).code)
    }
    await waiting.close()
    await admin.end()
    expect(acknowledged).toEqual([])
    expect(refusals).toEqual(new Set(['outcome_unknown']))
    // Control: all of it is committed and visible, and a client that ignores PostgreSQL's warning takes it for kept.
    expect(await valuesIn(database, 'PO')).toHaveLength(slots.length + 2)
    expect(await issueWithoutCare(database)).toBe(1)

    await postgres.restart({ synchronous_standby_names: '' })
    const later = await Promise.all(ask(instance))
    expect(later.every(({ replayed }) => replayed)).toBe(true)
    expect(valuesOf(later)).toEqual([2, 1, 1, 1, 1, 1, 1, 1, 1])
    expect((await inspectLedger(database)).faults).toEqual([])
  }, 300_000)
})

/** Whatever was tried meanwhile, an outage has a line for each kind of failure, without a stack, and one for its end. */
function expectEachOutageOnce(lines: Record<string, unknown>[], least: number) {
  const outages = [new Array<unknown>()]
  for (const { message, level, kind, attempts, waited_ms: waitedMs } of lines) {
    if (message === 'issuing goes on') {
      expect(level).toBe('info')
      expect(Number(attempts)).toBeGreaterThanOrEqual(outages.at(-1)!.length)
      expect(Number(waitedMs)).toBeGreaterThan(0)
      outages.push([])
    } else {
      expect([message, level]).toEqual(['issuing waits for the database', 'warn'])
      outages.at(-1)!.push(kind)
    }
  }
  expect(outages.pop()).toEqual([])
  expect(outages.length).toBeGreaterThanOrEqual(least)
  for (const kinds of outages) expect(kinds).toEqual([...new Set(kinds)])
  expect(JSON.stringify(lines)).not.toContain('node_modules')
}

/** Cancels or terminates one backend that waits for its standby; gives how many it found. */
async function endOneWaitForStandby(admin: Client, how: string): Promise<number> {
  const { rows } = await admin.query(
    `SELECT ${how}(pid) FROM (SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' LIMIT 1) waiting`,
  )
  return rows.length
}

/** Issues a number as a program would that takes the result of a statement for an acknowledgement. */
async function issueWithoutCare(database: { adminUrl: string; url: string }): Promise<number> {
  const client = new Client(database.url)
  await client.connect()
  const { sequences, close } = createInstance(database.url)
  const sequence = await sequences.load('DEFAULT')
  await close()
  const issuing = issueNumbers(
    client,
    sequence,
    undefined,
    [{ ...plain, prefix: 'DEFAULT', key: 'k' }],
    false,
  )
  const admin = new Client(database.adminUrl)
  await admin.connect()
  // The first that it finds may be one of those before.
  let answered = false
  void issuing.then(() => (answered = true))
  await until(async () => {
    await endOneWaitForStandby(admin, 'pg_cancel_backend')
    return answered
  })
  await admin.end()
  const { firstValue } = await issuing
  await client.end()
  return Number(firstValue)
}
