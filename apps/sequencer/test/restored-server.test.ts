import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Queryable } from '@ordinal/database'
import { until, withPgbouncer, type TestPgbouncer } from '@ordinal/testing'
import { createCheckpoints } from '../src/audit/checkpoints'
import { createLedgerGate } from '../src/restore/gate'
import { monthsAgo } from './business-dates'
import { createInstance } from './instance'
import { workWith } from './restored-ledger'
import { queryAsAdmin, startSequencer, upTo, valuesIn } from './sequencer'
import { newSigningKey } from './signing-key'
import {
  callEachWay,
  issueAgain,
  startBothPoolers,
  startServerToLose,
  type Sequencer,
  type ServerToLose,
} from './taken-over'
import { secret } from './tokens'

// No checkpoint is kept: what these servers say of themselves is all that there is.
const env = {
  JWT_SECRET: secret,
  SEQUENCER_SIGNING_KEY: newSigningKey(),
  SEQUENCER_REQUEST_TIMEOUT_MS: '30000',
}
const limitMs = 120_000

let database: ServerToLose
beforeAll(async () => {
  database = await startServerToLose()
}, limitMs)
afterAll(() => database.postgres.remove())

let instances: Sequencer[] = []
let closing: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(instances.map((instance) => instance.stop()))
  for (const close of closing) await close()
  instances = []
  closing = []
})

const start = async (...urls: string[]) => {
  instances = await Promise.all(urls.map((runtimeUrl) => startSequencer({ ...database, runtimeUrl }, env)))
  return instances
}
const next = (instance: Sequencer) => workWith(instance, '').post('/api/v1/next/SG')

/** Whoever restores a server says so in it, before it starts for the first time. */
const mark = (folder: string) => appendFile(join(folder, 'postgresql.auto.conf'), `ordinal.restored = 'on'\n`)
const raised = ['ALTER SYSTEM RESET ordinal.restored', 'SELECT pg_reload_conf()']

async function expectNothingIssued(...urls: string[]): Promise<void> {
  const [first] = await start(...urls)
  const { body } = await workWith(first!, '').post('/api/v1/next/SG', { hold_seconds: 600 })
  const held: string = body.full_number!
  await database.copy(mark)
  const rows = await database.rowsInLedger()
  // What the copy does not have.
  for (const instance of instances) await issueAgain(instance)
  const callAll = async () => (await Promise.all(instances.map((each) => callEachWay(each, held)))).flat()
  await database.failOver(callAll)
  expect(await database.rowsInLedger()).toBe(rows)
  expect(new Set(await callAll())).toEqual(new Set(['"ledger_behind"']))
  expect(await database.rowsInLedger()).toBe(rows)
  // Control: what stopped them is the mark.
  for (const sql of raised) await queryAsAdmin(database, sql)
  for (const instance of instances) await issueAgain(instance)
}

describe('when a restored server takes over, no instance that runs issues or changes anything in any way', () => {
  test('and none keeps a checkpoint', () => expectNothingIssued(database.url, database.url), limitMs)
})

withPgbouncer('the same through PgBouncer', () => {
  let poolers: [TestPgbouncer, TestPgbouncer]
  beforeAll(async () => {
    poolers = await startBothPoolers(database)
  })
  afterAll(async () => {
    for (const pooler of poolers) await pooler.remove()
  })

  test(
    'with a session of its own and without',
    () => expectNothingIssued(...poolers.map((pooler) => pooler.through(database.url))),
    limitMs,
  )

  test(
    'a restart of the server is waited for',
    async () => {
      await start(...poolers.map((pooler) => pooler.through(database.url)))
      for (const instance of instances) await next(instance)
      await database.postgres.restart()
      expect((await Promise.all(instances.map(next))).map(({ status }) => status)).toEqual([200, 200])
    },
    limitMs,
  )
})

test(
  'a server that restarts again and again under load refuses no call, and issues each number once',
  async () => {
    await start(database.url, database.url)
    const before = (await valuesIn(database, 'SG')).length
    let stopping = false
    const answers: { status: number; body: Record<string, never> }[] = []
    const callers = [...instances, ...instances, ...instances].map(async (instance) => {
      while (!stopping) answers.push(await next(instance))
    })
    for (let restarts = 0; restarts < 5; restarts += 1) {
      const seen = answers.length
      await until(() => answers.length > seen + 50, 30_000)
      if (restarts % 2) await database.postgres.kill9()
      await database.postgres.restart()
    }
    stopping = true
    await Promise.all(callers)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(answers.length).toBeGreaterThan(250)
    const numbers = answers.map(({ body }): string => body.full_number!)
    expect(new Set(numbers).size).toBe(numbers.length)
    // A call whose connection was lost found its number by its key: there is none besides.
    expect(await valuesIn(database, 'SG')).toHaveLength(before + numbers.length)
  },
  limitMs,
)

/** An instance whose gate counts how often it looks. */
function createWatched() {
  const { pool, log, close } = createInstance(database.url)
  const lookingDb: Queryable = pool
  let looks = 0
  // Those that were answered: a connection may not know yet that its server has gone.
  const query = async (...args: Parameters<Queryable['query']>) => {
    const answer = await lookingDb.query(...args)
    looks += 1
    return answer
  }
  const gate = createLedgerGate({
    db: { query } as Queryable,
    checkpoints: createCheckpoints(pool, undefined),
    source: undefined,
    patienceMs: 5_000,
    log,
  })
  const instance = createInstance(database.url, { gate, requestTimeoutMs: 30_000 })
  closing.push(close, instance.close)
  return { instance, looks: () => looks }
}

test('after a restart one look is enough for all lanes, and each request gets its number', async () => {
  const { instance, looks } = createWatched()
  await instance.issue()
  expect(looks()).toBe(1)
  await database.postgres.restart()
  const slots = upTo(8).map((months) => ({ prefix: 'PO', business_date: monthsAgo(months) }))
  const answers = await Promise.all([...slots.map(instance.issue), ...upTo(4).map(() => instance.issue())])
  expect(answers.every(({ replayed }) => !replayed)).toBe(true)
  expect(looks()).toBe(2)
})

test(
  'a restored server that takes over in the middle of batches gets none of them',
  async () => {
    await database.copy(mark)
    const rows = await database.rowsInLedger()
    const { instance } = createWatched()
    let answered = 0
    const clients = upTo(8).map(async (client) => {
      for (let n = 0; ; n += 1) {
        await instance.issue({ key: `batch-${client}-${n}`, count: 5 })
        answered += 1
      }
    })
    const ended = Promise.allSettled(clients)
    await until(() => answered > 50, 30_000)
    await database.failOver(() => Promise.resolve())
    const reasons = (await ended).map(
      (result) => (result as PromiseRejectedResult).reason as { code: string },
    )
    // One whose connection was lost in the middle cannot know what became of it, and does not find it here.
    for (const { code } of reasons) expect(['ledger_behind', 'outcome_unknown']).toContain(code)
    expect(answered).toBeGreaterThan(50)
    expect(await database.rowsInLedger()).toBe(rows)
    for (const sql of raised) await queryAsAdmin(database, sql)
    const issued = () => instance.issue().catch(() => undefined)
    await until(async () => (await issued()) !== undefined, 30_000)
    expect(await issued()).toBeDefined()
  },
  limitMs,
)

test(
  'a standby that takes over gets nothing until it is promoted, and no call is refused',
  async () => {
    const [instance] = await start(database.url)
    await next(instance!)
    await database.copy((folder) => writeFile(join(folder, 'standby.signal'), ''))
    const rows = await database.rowsInLedger()
    // It ends when the server takes writes.
    const takingOver = database.failOver(() => Promise.resolve({ answer: next(instance!) }))
    const inRecovery = async () =>
      (await queryAsAdmin<{ yes: boolean }>(database, 'SELECT pg_is_in_recovery() AS yes'))[0]!.yes
    await until(() => inRecovery().catch(() => false), 30_000)
    expect([await inRecovery(), await database.rowsInLedger()]).toEqual([true, rows])
    await queryAsAdmin(database, 'SELECT pg_promote()')
    const { answer } = await takingOver
    expect((await answer).status).toBe(200)
    expect((await next(instance!)).status).toBe(200)
  },
  limitMs,
)
