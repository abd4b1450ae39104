import { inspectLedger, until, type TestDatabase } from '@ordinal/testing'
import type { AllocatorOptions } from '../src/ledger/allocator'
import { expiredLeases } from '../src/numbers/queries'
import { createInstance as openInstance, sorted, valuesOf } from './instance'
import { createLedgerDatabase, queryAsAdmin, upTo, valuesIn } from './sequencer'

let database: TestDatabase & { runtimeUrl: string }
const closing: (() => Promise<void>)[] = []

beforeEach(async () => {
  database = await createLedgerDatabase()
})
afterEach(async () => {
  jest.restoreAllMocks()
  for (const close of closing.splice(0)) await close()
  await database.drop()
})

function createInstance(options: Partial<AllocatorOptions> = {}) {
  const instance = openInstance(database.runtimeUrl, options)
  closing.push(instance.close)
  return instance
}

test('requests that arrive while a statement is under way share the next one', async () => {
  const { issue, statements } = createInstance()
  await issue()
  const before = statements()
  const answers = await Promise.all(upTo(500).map(() => issue()))
  expect(valuesOf(answers)).toEqual(upTo(501).slice(1))
  expect(statements() - before).toBeLessThanOrEqual(2)
})

test('without group commit each request is a transaction, and the numbers are as dense', async () => {
  const { issue } = createInstance({ groupCommit: false })
  const answers = await Promise.all(upTo(200).map(() => issue()))
  expect(sorted(valuesOf(answers))).toEqual(upTo(200))
  const [batches] = await queryAsAdmin<{ count: string }>(database, 'SELECT count(*) FROM batches')
  expect(batches).toEqual({ count: '200' })
})

test('requests of many numbers and of one mix without a hole, each contiguous', async () => {
  const { issue } = createInstance()
  const counts = upTo(300).map((n) => (n % 7 === 0 ? 1000 : (n % 13) + 1))
  const answers = await Promise.all(counts.map((count) => issue({ count })))
  answers.forEach(({ numbers }, index) => {
    const first = numbers[0]!.value
    expect(numbers.map(({ value }) => value)).toEqual(upTo(counts[index]!).map((n) => first + n - 1))
  })
  const total = counts.reduce((a, b) => a + b)
  expect(sorted(valuesOf(answers))).toEqual(upTo(total))
})

test('the same key many times at once gets one number', async () => {
  const { issue } = createInstance()
  const answers = await Promise.all(upTo(50).map(() => issue({ key: 'k' })))
  expect(new Set(valuesOf(answers))).toEqual(new Set([1]))
  expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1)
  expect(await valuesIn(database, 'SG')).toEqual([1])
})

test('the same key at once for another request is refused, and the first is served', async () => {
  const { issue } = createInstance()
  await issue()
  const [first, other] = await Promise.allSettled([
    issue({ key: 'k', client_id: 'a' }),
    issue({ key: 'k', client_id: 'b' }),
  ])
  expect(first).toMatchObject({ status: 'fulfilled', value: { numbers: [{ value: 2 }] } })
  expect(other).toMatchObject({ status: 'rejected', reason: { code: 'idempotency_key_reused' } })
})

test('a retry is answered while another request misuses its key', async () => {
  const { issue } = createInstance()
  await issue({ key: 'k', client_id: 'a' })
  const [misuse, retry] = await Promise.allSettled([
    issue({ key: 'k', client_id: 'b' }),
    issue({ key: 'k', client_id: 'a' }),
  ])
  expect(misuse).toMatchObject({ status: 'rejected', reason: { code: 'idempotency_key_reused' } })
  expect(retry).toMatchObject({ status: 'fulfilled', value: { replayed: true, numbers: [{ value: 1 }] } })
})

test('keys belong to their caller', async () => {
  const { issue } = createInstance()
  const answers = [await issue({ key: 'k', caller: 'erp' }), await issue({ key: 'k', caller: 'shop' })]
  expect(valuesOf(answers)).toEqual([1, 2])
  expect(answers.map(({ replayed }) => replayed)).toEqual([false, false])
})

test('replays among new requests cost no second statement, and leave no hole', async () => {
  const { issue, statements } = createInstance()
  await Promise.all(upTo(20).map((n) => issue({ key: `k${n}` })))
  const before = statements()
  const answers = await Promise.all(upTo(60).map((n) => issue(n % 3 === 0 ? { key: `k${n / 3}` } : {})))
  expect(statements() - before).toBe(1)
  const [replayed, issued] = [answers.filter((a) => a.replayed), answers.filter((a) => !a.replayed)]
  expect(sorted(valuesOf(replayed))).toEqual(upTo(20))
  expect(sorted(valuesOf(issued))).toEqual(upTo(60).slice(20))
})

test('two instances that get the same new keys at the same time issue each once', async () => {
  const instances = [createInstance(), createInstance(), createInstance()]
  for (const instance of instances) await instance.issue()
  const answers = await Promise.all(
    upTo(100).map((n) => Promise.all(instances.map(({ issue }) => issue({ key: `k${n}` })))),
  )
  for (const same of answers) expect(new Set(valuesOf(same)).size).toBe(1)
  expect(await valuesIn(database, 'SG')).toEqual(upTo(103))
})

test('the same key for two periods at once belongs to the one that came first', async () => {
  const [one, other] = [createInstance(), createInstance()]
  const results = await Promise.allSettled([
    one.issue({ prefix: 'INV', key: 'k', business_date: `${new Date().getUTCFullYear()}-01-01` }),
    other.issue({
      prefix: 'INV',
      key: 'k',
      business_date: `${new Date().getUTCFullYear() - 1}-12-31`,
    }),
  ])
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'idempotency_key_reused' },
  })
  expect(await valuesIn(database, 'INV')).toEqual([1])
})

test('the first requests of a period on several instances at once make one counter', async () => {
  const instances = upTo(4).map(() => createInstance())
  const answers = await Promise.all(
    instances.flatMap(({ issue }) =>
      upTo(25).map(() => issue({ prefix: 'INV', business_date: `${new Date().getUTCFullYear() - 1}-12-31` })),
    ),
  )
  expect(sorted(valuesOf(answers))).toEqual(upTo(100))
})

test.each([-1, 1, 400])(
  'an instance whose clock is %i days wrong issues by the day of the database',
  async (days) => {
    const now = Date.now()
    jest.spyOn(Date, 'now').mockReturnValue(now + days * 86_400_000)
    const { issue } = createInstance()
    const { numbers, period } = await issue({ prefix: 'PO' })
    const month = new Date(now).toISOString().slice(0, 7)
    expect(period).toBe(month)
    expect(numbers[0]!.number).toBe(`PO${month.replace('-', '')}-00000001`)
  },
)

test('rules that change are obeyed by the next number, on every instance', async () => {
  const [one, other] = [createInstance(), createInstance()]
  await Promise.all([one.issue(), other.issue()])
  await queryAsAdmin(
    database,
    `INSERT INTO sequences (prefix, version, template, reset, created_by) VALUES ('SG', 2, '{prefix}-{seq:3}', 'never', 'test')`,
  )
  const answers = await Promise.all([one.issue(), other.issue()])
  expect(answers.map(({ numbers }) => numbers[0]!.number).sort()).toEqual(['SG-003', 'SG-004'])
})

test('a lease ends by the database: neither swept before, nor confirmed after, even if nobody has swept', async () => {
  const { issue, change, pool } = createInstance()
  const reserve = async (hold_seconds: number) => {
    const { numbers } = await issue({ event: 'reserve', hold_seconds })
    return { prefix: 'SG', period: '', ...numbers[0]!, caller: 'sequencer', request_id: 'test' }
  }
  const kept = await reserve(600)
  await expect(change({ ...kept, event: 'expire' })).rejects.toMatchObject({ code: 'number_state_conflict' })
  const held = await reserve(1)
  await until(async () => (await expiredLeases(pool, 1)).length > 0)
  await expect(change({ ...held, event: 'confirm' })).rejects.toMatchObject({
    code: 'number_state_conflict',
    message: expect.stringContaining('was reserved until'),
  })
  await expect(change({ ...held, event: 'expire' })).resolves.toMatchObject({ numbers: [{ state: 'free' }] })
  expect((await inspectLedger(database)).faults).toEqual([])
})

test('a sequence that was retired issues no more, and still answers the keys that it knows', async () => {
  const { issue } = createInstance()
  await issue({ key: 'before' })
  await queryAsAdmin(
    database,
    `INSERT INTO sequences (prefix, version, template, reset, active, created_by)
     VALUES ('SG', 2, '{prefix}{seq:6}', 'never', false, 'test')`,
  )
  await expect(issue()).rejects.toMatchObject({ code: 'sequence_not_found' })
  await expect(issue()).rejects.toMatchObject({ code: 'sequence_not_found' })
  await expect(issue({ key: 'after' })).rejects.toMatchObject({ code: 'sequence_not_found' })
  await expect(issue({ key: 'before' })).resolves.toMatchObject({
    replayed: true,
    numbers: [{ value: 1 }],
  })
})

test('past the bound of the queue a request is refused at once, and nothing is issued for it', async () => {
  const { issue } = createInstance({ maxWaiting: 10 })
  await issue()
  const results = await Promise.allSettled(upTo(30).map(() => issue()))
  const refused = results.filter(({ status }) => status === 'rejected')
  expect(refused).toHaveLength(20)
  expect(refused[0]).toMatchObject({ reason: { code: 'sequencer_overloaded', retryAfterSeconds: 1 } })
  expect(await valuesIn(database, 'SG')).toEqual(upTo(11))
})

test('at the end of its values a sequence says so, and issues the last ones', async () => {
  const last = Number.MAX_SAFE_INTEGER
  await queryAsAdmin(
    database,
    `INSERT INTO counters (prefix, period, first_value, last_value) VALUES ('SG', '', 1, ${last - 4})`,
  )
  const { issue, change } = createInstance()
  const first = { key: 'k' }
  await issue(first)
  const results = await Promise.allSettled([issue({ count: 2 }), issue({ count: 2 }), issue()])
  expect(results[0]).toMatchObject({ value: { numbers: [{ value: last - 2 }, { value: last - 1 }] } })
  expect(results[1]).toMatchObject({ reason: { code: 'sequence_exhausted' } })
  expect(results[2]).toMatchObject({ value: { numbers: [{ value: last }] } })
  await expect(issue()).rejects.toMatchObject({ code: 'sequence_exhausted' })
  // It still answers retries, and issues again what is released.
  expect(await issue(first)).toMatchObject({ replayed: true, numbers: [{ value: last - 3 }] })
  const number = `SG${last}`
  const release = { prefix: 'SG', period: '', value: last, number, event: 'release' } as const
  await change({ ...release, caller: 'anonymous', request_id: 'test' })
  expect(await issue()).toMatchObject({ numbers: [{ value: last }] })
})

test('a request that the database refuses does not fail the others of its batch', async () => {
  const { issue } = createInstance()
  await issue()
  // A NUL gets past the allocator, which trusts its callers, and is refused by PostgreSQL.
  const results = await Promise.allSettled([issue(), issue({ client_id: 'a\u0000b' }), issue()])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(await valuesIn(database, 'SG')).toEqual([1, 2, 3])
})

test.each(['null', ' ', '"', '\\', '\\"', '(a,b),{c}', "it's", 'first\nsecond\tthird', 'é ü 番号 🧾', '$1'])(
  'the ledger has a text as it was given: %j',
  async (client_id) => {
    const { issue } = createInstance()
    const request = { key: 'k', client_id, generated_by: client_id }
    // Alone, in company, with a number more, and again by its key.
    await issue(request)
    await Promise.all([issue({ client_id }), issue({ client_id, count: 2 })])
    expect(await issue(request)).toMatchObject({ replayed: true, numbers: [{ value: 1 }] })
    const rows = await queryAsAdmin(database, 'SELECT client_id, generated_by FROM ledger ORDER BY value')
    expect(rows[0]).toEqual({ client_id, generated_by: client_id })
    expect(rows.slice(1)).toEqual(upTo(3).map(() => ({ client_id, generated_by: null })))
    expect((await inspectLedger(database)).faults).toEqual([])
  },
)
