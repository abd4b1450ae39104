import { Client } from 'pg'
import { createCutProxy, inspectLedger, until, type CutProxy, type TestDatabase } from '@ordinal/testing'
import { createInstance, untilInTime } from './instance'
import { createLedgerDatabase, queryAsAdmin, startSequencer, upTo, valuesIn } from './sequencer'

let database: TestDatabase & { runtimeUrl: string }
const closing: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  database = await createLedgerDatabase()
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  expect((await inspectLedger(database)).faults).toEqual([])
  await database.drop()
})

const maxWaiting = 50
const start = async (env: Record<string, string> = {}, runtimeUrl = database.runtimeUrl) => {
  const sequencer = await startSequencer(
    { url: database.url, runtimeUrl },
    { SEQUENCER_MAX_WAITING: String(maxWaiting), ...env },
  )
  closing.push(() => sequencer.stop())
  const waiting = async () => {
    const { body } = await sequencer.api.get('/metrics')
    return Number(/^sequencer_requests_waiting (\d+)$/m.exec(body as string)![1])
  }
  const ask = (count: number, key: (n: number) => string = (n) => `key-${n}`) =>
    upTo(count).map((n) =>
      sequencer.api.post('/api/v1/next/SG', {}, { headers: { 'Idempotency-Key': key(n) } }),
    )
  return { ...sequencer, waiting, ask }
}

/** Keeps the ledger from moving until `release`. */
async function holdLedger() {
  const holder = new Client(database.adminUrl)
  await holder.connect()
  await holder.query('BEGIN; LOCK TABLE counters IN EXCLUSIVE MODE')
  let held = true
  const release = async () => {
    if (held) await holder.end()
    held = false
  }
  closing.push(release)
  return release
}

const codes = (answers: { body: { code?: string } }[]) => answers.map(({ body }) => body.code)

test('while the ledger is held, so many requests wait as may, others get 503 with Retry-After, and then all is well', async () => {
  const { ask, waiting, lines } = await start({ SEQUENCER_REQUEST_TIMEOUT_MS: '60000' })
  await Promise.all(ask(1, () => 'first'))
  const release = await holdLedger()
  const answering = ask(300)
  const refused = await settledFirst(answering, 300 - maxWaiting)
  expect(new Set(codes(refused))).toEqual(new Set(['sequencer_overloaded']))
  for (const { status, headers } of refused) expect([status, headers.get('retry-after')]).toEqual([503, '1'])
  expect(await waiting()).toBe(maxWaiting)
  // A line for each, and no more: nobody has time for stacks now. Beyond some in a second they are counted in one.
  const failed = () =>
    lines
      .join('')
      .split('\n')
      .filter((line) => line.includes('"request failed"'))
  const counted = () =>
    failed().reduce((sum, line) => sum + ((JSON.parse(line) as { count?: number }).count ?? 1), 0)
  await until(() => counted() >= refused.length)
  expect(counted()).toBe(refused.length)
  for (const line of failed()) {
    expect(JSON.parse(line)).toMatchObject({ level: 'warn', code: 'sequencer_overloaded' })
    expect(line).not.toContain('stack')
  }
  await release()
  const answers = await Promise.all(answering)
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(maxWaiting)
  expect(await waiting()).toBe(0)
  expect(await valuesIn(database, 'SG')).toEqual(upTo(maxWaiting + 1))
  // Those that were refused have lost nothing: each gets its number, and the others theirs again.
  for (let n = 0; n < 300; n += maxWaiting) {
    const some = await Promise.all(ask(maxWaiting, (nth) => `key-${n + nth}`))
    expect(new Set(some.map(({ status }) => status))).toEqual(new Set([200]))
  }
  expect(await valuesIn(database, 'SG')).toEqual(upTo(301))
})

test('many requests with one key at once count as what they are: many that wait', async () => {
  const { ask, waiting } = await start({ SEQUENCER_REQUEST_TIMEOUT_MS: '60000' })
  const release = await holdLedger()
  const answering = ask(120, () => 'same')
  const refused = await settledFirst(answering, 120 - maxWaiting)
  expect(new Set(codes(refused))).toEqual(new Set(['sequencer_overloaded']))
  expect(await waiting()).toBe(maxWaiting)
  await release()
  const answers = (await Promise.all(answering)).filter(({ status }) => status === 200)
  expect(new Set(answers.map(({ body }) => body.counter))).toEqual(new Set([1]))
  expect(answers).toHaveLength(maxWaiting)
})

test('a database that is frozen is answered with 503 for each request, first ones included, and recovers', async () => {
  const url = new URL(database.runtimeUrl)
  const proxy: CutProxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
  closing.push(() => proxy.close())
  url.port = String(proxy.port)
  const { ask, api, waiting } = await start({ SEQUENCER_REQUEST_TIMEOUT_MS: '300' }, url.href)
  await Promise.all(ask(10))
  proxy.freeze()
  // Known and unknown sequences, and what only reads: each is answered while the database still is frozen.
  const frozen = await Promise.all([
    ...ask(200, (n) => `frozen-${n}`),
    ...upTo(20).map(() => api.post('/api/v1/next/INV')),
    ...['/api/v1/status/PO', '/api/v1/preview/PO', '/api/v1/numbers/SG000001', '/api/v1/gaps/SG'].map(
      (path) => api.get(path),
    ),
    api.post('/api/v1/numbers/SG000001/release', { reason: 'frozen' }),
  ])
  for (const { status, headers } of frozen)
    expect([status, Number(headers.get('retry-after'))]).toEqual([503, expect.any(Number)])
  expect(await waiting()).toBe(0)
  proxy.thaw()
  await until(async () => (await api.get('/health/ready')).status === 200)
  await until(async () => (await api.post('/api/v1/next/INV')).status === 200)
  // A pause of a busy machine may be longer than one may wait here.
  let again: number[] = []
  await until(async () => {
    again = (await Promise.all(ask(40, (n) => `frozen-${n}`))).map(({ status }) => status)
    return again.every((status) => status === 200)
  })
  expect(new Set(again)).toEqual(new Set([200]))
})

test('a full disk is answered with 503 in time, is asked now and then, and not once for each request', async () => {
  const instance = createInstance(database.runtimeUrl, { requestTimeoutMs: 3_000 })
  closing.push(instance.close)
  await instance.issue()
  await queryAsAdmin(
    database,
    `CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
     CREATE TRIGGER a_disk_full BEFORE INSERT ON ledger FOR EACH STATEMENT EXECUTE FUNCTION disk_full();
     ALTER TABLE ledger ENABLE ALWAYS TRIGGER a_disk_full`,
  )
  const before = instance.statements()
  const results = await Promise.allSettled(upTo(400).map((n) => instance.issue({ key: `k${n}` })))
  for (const result of results)
    expect(result).toMatchObject({
      status: 'rejected',
      reason: { code: 'database_unavailable', retryAfterSeconds: 1 },
    })
  expect(instance.statements() - before).toBeLessThan(50)
  await queryAsAdmin(database, 'DROP TRIGGER a_disk_full ON ledger')
  // It goes on as well.
  await untilInTime(() => instance.issue({ key: 'k1' }))
  const later = createInstance(database.runtimeUrl)
  closing.push(later.close)
  const again = await Promise.all(upTo(400).map((n) => later.issue({ key: `k${n}` })))
  expect(again.map(({ replayed }) => replayed)).toEqual(upTo(400).map((n) => n === 1))
  expect(await valuesIn(database, 'SG')).toEqual(upTo(401))
})

/** The first so many of some answers. */
function settledFirst<T>(answers: Promise<T>[], count: number): Promise<T[]> {
  const first: T[] = []
  return new Promise((resolve, reject) => {
    for (const answer of answers)
      answer.then((it) => {
        first.push(it)
        if (first.length === count) resolve([...first])
      }, reject)
  })
}
