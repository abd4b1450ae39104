import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { Client } from 'pg'
import { until } from '@ordinal/testing'
import { createLedgerDatabase, heldUp, queryAsAdmin, startSequencer, upTo, valuesIn } from './sequencer'
import { bearer, secret } from './tokens'

type Item = Record<string, unknown>
interface Result {
  number?: { full_number: string; counter: number; prefix: string; state: string }
  replayed?: true
  problem?: { code: string; status: number; detail: string; request_id: string; errors?: object[] }
  retry_after_seconds?: number
}

const path = '/api/v1/numbers:batch'
const shopKey = 'the-key-of-a-shop-that-is-long-enough'
const shop = { 'x-api-key': shopKey }
const env = {
  JWT_SECRET: secret,
  API_KEYS: `shop:${createHash('sha256').update(shopKey).digest('hex')}`,
  // Far longer than a test holds a counter: what ends sooner has been ended by its own time.
  SEQUENCER_REQUEST_TIMEOUT_MS: '60000',
}

let database: Awaited<ReturnType<typeof createLedgerDatabase>>
let sequencer: Awaited<ReturnType<typeof startSequencer>>
beforeEach(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, env)
})
afterEach(async () => {
  await sequencer.stop()
  await database.drop()
})

const send = (requests: unknown, headers: Record<string, string> = {}) =>
  sequencer.api.post(path, { requests }, { headers })

async function ask(requests: Item[], headers: Record<string, string> = {}): Promise<Result[]> {
  const { status, body } = await send(requests, headers)
  expect(status).toBe(200)
  return body.results as Result[]
}

/** What each got: its number, or the code of its problem. */
const summary = (results: Result[]) =>
  results.map(({ number, problem }) => number?.full_number ?? problem?.code)

async function define(rules: object): Promise<void> {
  const { status } = await sequencer.api.post('/api/v1/sequences', rules, { headers: await bearer('admin') })
  expect(status).toBe(201)
}

/** Holds the counter of SG, so that who draws from it waits, until `release` is called. */
async function holdCounter() {
  await sequencer.api.post('/api/v1/next/SG')
  const admin = new Client(database.adminUrl)
  await admin.connect()
  await admin.query('BEGIN')
  await admin.query("SELECT FROM counters WHERE prefix = 'SG' FOR UPDATE")
  return {
    held: () => until(async () => (await admin.query(heldUp)).rowCount! > 0),
    async release() {
      await admin.query('ROLLBACK')
      await admin.end()
    },
  }
}

test('right after the start, too, numbers of a sequence follow each other as they were asked for, in one commit', async () => {
  const results = await ask(upTo(50).map(() => ({ prefix: 'SG' })))
  expect(results.map(({ number }) => number?.counter)).toEqual(upTo(50))
  expect(await queryAsAdmin(database, 'SELECT rows FROM batches')).toEqual([{ rows: 50 }])
})

test('numbers of several sequences are asked for together, each with its own data', async () => {
  await ask([{ prefix: 'SG' }])
  const results = await ask([
    { prefix: 'SG', client_id: 'erp-system', generated_by: 'user-1', request_id: 'of-the-first' },
    { prefix: 'INV', businessDate: '2019-02-03', clientId: 'shop' },
    { prefix: 'SG', hold_seconds: 60 },
    { prefix: 'GLOBAL', site_id: 'site-1', partition_id: 'partition-a', invoice_type: 'off-cycle' },
  ])
  expect(results).toEqual([
    { number: { full_number: 'SG000002', counter: 2, prefix: 'SG', period: '', state: 'issued' } },
    { number: { full_number: 'INV2019-0001', counter: 1, prefix: 'INV', period: '2019', state: 'issued' } },
    { number: { full_number: 'SG000003', counter: 3, prefix: 'SG', period: '', state: 'reserved' } },
    { number: { full_number: '1', counter: 1, prefix: 'GLOBAL', period: '', state: 'issued' } },
  ])
  const rows = await queryAsAdmin(
    database,
    `SELECT prefix, client_id, generated_by, request_id, invoice_type FROM ledger
     WHERE (prefix, value) <> ('SG', 1) ORDER BY prefix, value`,
  )
  const ofBatch = expect.stringMatching(/^[0-9a-f-]{36}$/) as string
  const nothing = { client_id: null, generated_by: null, invoice_type: null, request_id: ofBatch }
  expect(rows).toEqual([
    { ...nothing, prefix: 'GLOBAL', invoice_type: 'off-cycle' },
    { ...nothing, prefix: 'INV', client_id: 'shop' },
    {
      ...nothing,
      prefix: 'SG',
      client_id: 'erp-system',
      generated_by: 'user-1',
      request_id: 'of-the-first',
    },
    { ...nothing, prefix: 'SG' },
  ])
})

test('a hundred that are asked for together share one commit, and follow each other', async () => {
  await ask([{ prefix: 'SG' }])
  const results = await ask(upTo(100).map((n) => ({ prefix: 'SG', idempotency_key: `order-${n}` })))
  expect(results.map(({ number }) => number?.counter)).toEqual(upTo(101).slice(1))
  const batches = await queryAsAdmin(
    database,
    "SELECT batch::int, count(*)::int FROM ledger WHERE prefix = 'SG' GROUP BY batch ORDER BY batch",
  )
  expect(batches).toEqual([
    { batch: 1, count: 1 },
    { batch: 2, count: 100 },
  ])
})

test('in a sequence in the order of dates, requests for one day after the other get their numbers in that order', async () => {
  const prefixes = ['DA', 'DB', 'DC', 'DD']
  const day = (index: number) => new Date(Date.now() + index * 86_400_000).toISOString().slice(0, 10)
  for (const prefix of prefixes)
    await define({ prefix, template: `${prefix}{seq:2}`, chronological: true, gap_policy: 'strict' })
  // Two of each day, the sequences in turn.
  const days = [0, 0, 1, 1, 2, 2, 3, 3]
  const requests = days.flatMap((index) => prefixes.map((prefix) => ({ prefix, business_date: day(index) })))
  expect(summary(await ask(requests))).toEqual(
    days.flatMap((_, index) => prefixes.map((prefix) => `${prefix}0${index + 1}`)),
  )
})

test('one that is refused gets the problem that it would get alone, and harms no other', async () => {
  await define({ prefix: 'END', template: 'END{seq:2}', end: 1 })
  await define({ prefix: 'OWN', template: 'OWN{seq:2}', sealed_to: 'shop' })
  await define({
    prefix: 'DATED',
    template: 'DATED{YYYY}-{seq:2}',
    reset: 'yearly',
    chronological: true,
    gap_policy: 'strict',
  })
  await ask([{ prefix: 'END' }, { prefix: 'DATED' }, { prefix: 'SG', idempotency_key: 'taken' }])
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
  const refused: [item: Item, code: string][] = [
    [{ prefix: 'XYZ' }, 'sequence_not_found'],
    [{ prefix: 'END' }, 'sequence_exhausted'],
    [{ prefix: 'OWN' }, 'sequence_sealed'],
    [{ prefix: 'DATED', business_date: '1900-01-01' }, 'business_date_out_of_window'],
    ...(yesterday.endsWith('12-31')
      ? []
      : [[{ prefix: 'DATED', business_date: yesterday }, 'out_of_order_date'] as [Item, string]]),
    [{ prefix: 'SG', site_id: 'site-9', partition_id: 'partition-a' }, 'site_unknown'],
    [{ prefix: 'SG', idempotency_key: 'taken', client_id: 'another' }, 'idempotency_key_reused'],
    [{ prefix: 'SG', client_id: '' }, 'validation_failed'],
    [{ prefix: 'SG', business_date: '2026-02-30' }, 'validation_failed'],
    [{ prefix: 'SG', colour: 'red' }, 'validation_failed'],
    [{ prefix: 'SG', site_id: 'site-1' }, 'validation_failed'],
  ]
  const mixed = refused.flatMap(([item], n) => [
    { ...item, request_id: `refused-${n}` },
    { prefix: 'SG', idempotency_key: `good-${n}` },
  ])
  const results = await ask(mixed)

  expect(results.filter((_, index) => index % 2 === 1).map(({ number }) => number?.counter)).toEqual(
    refused.map((_, index) => index + 2),
  )
  for (const [n, [{ prefix, idempotency_key: key, ...body }, code]] of refused.entries()) {
    const { problem, retry_after_seconds } = results[2 * n]!
    const alone = await sequencer.api.post(`/api/v1/next/${prefix as string}`, body, {
      headers: { 'x-request-id': `refused-${n}`, ...(key ? { 'idempotency-key': key as string } : {}) },
    })
    const bare = { ...alone.body, detail: alone.body.detail.replace('body.', '') }
    if (bare.errors)
      bare.errors = bare.errors.map(({ path, message }: { path: string; message: string }) => ({
        path: path.replace('body.', ''),
        message,
      }))
    expect([problem, retry_after_seconds]).toEqual([bare, undefined])
    expect([problem?.code, problem?.status]).toEqual([code, alone.status])
  }
})

test('items that are no requests at all are refused one by one', async () => {
  const results = await ask([
    7 as never,
    null as never,
    {},
    { prefix: 'no prefix' },
    { prefix: 'SG', idempotency_key: 'with a space' },
    { prefix: 'SG', timeout_ms: 0 },
    { prefix: 'SG', count: 2 },
    { prefix: 'SG' },
  ])
  expect(summary(results)).toEqual([...Array<string>(7).fill('validation_failed'), 'SG000001'])
  expect(results[4]?.problem?.detail).toContain('idempotency_key: must be visible ASCII characters')
  expect(await valuesIn(database, 'SG')).toEqual([1])
})

test('what is no batch is refused, and nothing is issued', async () => {
  const one = { prefix: 'SG' }
  for (const body of [[], Array(101).fill(one), one, undefined])
    expect((await send(body)).body.code).toBe('validation_failed')
  expect((await sequencer.api.post(path)).status).toBe(400)
  expect((await sequencer.api.get(path)).status).toBe(405)
  const shared = await send([one], { 'idempotency-key': 'for-all' })
  expect([shared.status, shared.body.errors]).toEqual([
    400,
    [
      {
        path: 'headers.Idempotency-Key',
        message: 'is of no use here: give each request its own idempotency_key',
      },
    ],
  ])
  expect(await valuesIn(database, 'SG')).toEqual([])
})

test('a key gets the same number, asked for alone or together, again or twice at once, in any order', async () => {
  const prefixes = ['SG', 'GLOBAL', 'INV']
  const item = fc.record({
    prefix: fc.constantFrom(...prefixes),
    idempotency_key: fc.constantFrom('a', 'b', 'c', 'd'),
  })
  const got = new Map<string, string>()
  const fresh: string[] = []
  await fc.assert(
    fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 12 }), fc.boolean(), async (items, alone) => {
      const results = alone
        ? await Promise.all(
            items.map(async ({ prefix, idempotency_key: key }): Promise<Result> => {
              const options = { headers: { 'idempotency-key': key } }
              const { body, headers } = await sequencer.api.post(`/api/v1/next/${prefix}`, {}, options)
              return { number: body, ...(headers.has('idempotency-replayed') && { replayed: true }) }
            }),
          )
        : await ask(items)
      items.forEach(({ prefix, idempotency_key: key }, index) => {
        const { number, replayed = false } = results[index]!
        const own = `${prefix} ${key}`
        expect(number!.full_number).toBe(got.get(own) ?? number!.full_number)
        got.set(own, number!.full_number)
        if (!replayed) fresh.push(own)
      })
    }),
    { numRuns: 40 },
  )
  const keys = [...got.keys()]
  // Of all answers to a key one was no replay.
  expect(fresh.sort()).toEqual([...keys].sort())
  for (const prefix of prefixes)
    expect(await valuesIn(database, prefix)).toEqual(
      upTo(keys.filter((each) => each.startsWith(`${prefix} `)).length),
    )
})

test('a key belongs to its caller, as over the single call', async () => {
  const item = { prefix: 'SG', idempotency_key: 'mine' }
  expect(summary(await ask([item]))).toEqual(['SG000001'])
  expect(summary(await ask([item], shop))).toEqual(['SG000002'])
  expect(await ask([item], shop)).toMatchObject([{ number: { counter: 2 }, replayed: true }])
  const options = { headers: { ...shop, 'idempotency-key': 'mine' } }
  expect((await sequencer.api.post('/api/v1/next/SG', {}, options)).body.counter).toBe(2)
})

test('one whose time has passed is told so, and those of other sequences have their numbers', async () => {
  const counter = await holdCounter()
  const waiting = sequencer.api.post('/api/v1/next/SG')
  await counter.held()
  // Two are asked for behind a statement that waits; only the first has no time.
  const batch = ask([
    { prefix: 'SG', idempotency_key: 'short', timeout_ms: 100 },
    { prefix: 'INV', business_date: '2019-01-01' },
    { prefix: 'SG', idempotency_key: 'long' },
  ])
  const short = { prefix: 'SG', timeout_ms: 100 }
  expect(summary(await ask([short, { prefix: 'GLOBAL' }]))).toEqual(['deadline_exceeded', '1'])
  await counter.release()
  expect(summary(await batch)).toEqual(['deadline_exceeded', 'INV2019-0001', 'SG000003'])
  expect((await waiting).body.counter).toBe(2)
  expect(await valuesIn(database, 'SG')).toEqual([1, 2, 3])
})

test('one whose outcome is not known is told so, and gets its number by its key', async () => {
  const counter = await holdCounter()
  const batch = ask([
    // Longer than it may take on its way to the database.
    { prefix: 'SG', idempotency_key: 'lost', timeout_ms: 4_000 },
    { prefix: 'INV', business_date: '2019-01-01' },
  ])
  await counter.held()
  const [lost, other] = await batch
  expect([lost?.problem?.code, lost?.problem?.status, lost?.retry_after_seconds]).toEqual([
    'outcome_unknown',
    503,
    1,
  ])
  expect(other?.number?.full_number).toBe('INV2019-0001')
  await counter.release()
  expect(summary(await ask([{ prefix: 'SG', idempotency_key: 'lost' }]))).toEqual(['SG000002'])
})

test('the deadline of the batch is that of each', async () => {
  const counter = await holdCounter()
  const waiting = sequencer.api.post('/api/v1/next/SG')
  await counter.held()
  const results = await ask([{ prefix: 'SG', timeout_ms: 60_000 }, { prefix: 'SG' }], {
    'x-request-timeout-ms': '200',
  })
  expect(summary(results)).toEqual(['deadline_exceeded', 'deadline_exceeded'])
  await counter.release()
  expect((await waiting).status).toBe(200)
})

test('each is in the log and in the metrics, as a request is', async () => {
  await send([{ prefix: 'SG', request_id: 'r-1' }, { prefix: 'XYZ', request_id: 'r-2' }, 7], {
    'x-request-id': 'r-batch',
  })
  await until(() => sequencer.lines.some((line) => line.includes('r-batch')))
  const line = JSON.parse(sequencer.lines.find((line) => line.includes('r-batch'))!) as object
  expect(line).toMatchObject({
    route: path,
    status: 200,
    items: [
      { request_id: 'r-1', status: 200 },
      { request_id: 'r-2', status: 404 },
      { request_id: 'r-batch', status: 400 },
    ],
  })
  const metrics = await (await fetch(`${sequencer.url}/metrics`)).text()
  for (const status of [200, 404, 400])
    expect(metrics).toContain(`sequencer_batch_items_total{route="${path}",status="${status}"} 1`)
  expect(metrics).toContain('sequential_ids_generated_total{prefix="SG"} 1')
})

describe('with limits', () => {
  async function limited(limits: Record<string, string>, run: () => Promise<void>): Promise<void> {
    await sequencer.stop()
    sequencer = await startSequencer(database, { ...env, ...limits })
    await run()
  }
  const hundred = upTo(100).map(() => ({ prefix: 'SG' }))

  test('each counts at the rate limit of its client, and a machine has none', () =>
    limited({ SEQUENCER_RATE_LIMIT: '10' }, async () => {
      const results = await ask(hundred)
      // Ten in the second, and twenty of the burst: the clock may have gone on meanwhile, and gives ten for each second.
      const issued = results.filter(({ number }) => number).length
      expect([30, 40, 50, 60]).toContain(issued)
      expect(results.filter(({ problem }) => problem?.code === 'rate_limited')).toHaveLength(100 - issued)
      expect(results.at(-1)?.retry_after_seconds).toBeGreaterThan(0)
      expect(await valuesIn(database, 'SG')).toHaveLength(issued)
      expect((await ask(hundred, shop)).filter(({ number }) => number)).toHaveLength(100)
    }))

  test('each counts at the quota of its caller, and as one that waits', () =>
    limited({ SEQUENCER_ANONYMOUS_QUOTA_NUMBERS: '10', SEQUENCER_MAX_WAITING: '20' }, async () => {
      const results = await ask(hundred)
      expect(results.filter(({ number }) => number)).toHaveLength(10)
      expect(results[99]?.problem?.code).toBe('quota_exceeded')
      const ofShop = await ask(hundred, shop)
      expect(ofShop.filter(({ number }) => number)).toHaveLength(20)
      expect(ofShop[99]?.problem?.code).toBe('sequencer_overloaded')
    }))

  test('where callers must say who they are, a batch is refused without that', () =>
    limited({ SEQUENCER_REQUIRE_AUTHENTICATION: 'true' }, async () => {
      expect((await send(hundred)).status).toBe(401)
      expect((await send([{ prefix: 'SG' }], shop)).status).toBe(200)
    }))
})
