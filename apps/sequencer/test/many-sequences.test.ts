import fc from 'fast-check'
import { Client } from 'pg'
import { createCutProxy, inspectLedger, until, type TestDatabase } from '@ordinal/testing'
import type { Issued, IssueRequest } from '../src/ledger/request'
import { createInstance as openInstance, valuesOf } from './instance'
import { createLedgerDatabase, heldUp, queryAsAdmin, upTo } from './sequencer'

let database: TestDatabase & { runtimeUrl: string }
const closing: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  database = await createLedgerDatabase()
  await define(upTo(40).map(nameOf))
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  expect((await inspectLedger(database)).faults).toEqual([])
  await database.drop()
})

const nameOf = (n: number) => `S${String(n).padStart(2, '0')}`
const healthy = upTo(20).map(nameOf)

/** Adds sequences; `columns` are further ones of their rules, as SQL. */
const define = (prefixes: string[], columns: Record<string, string> = {}) =>
  queryAsAdmin(
    database,
    `INSERT INTO sequences (prefix, version, template, reset, created_by ${Object.keys(columns)
      .map((name) => `, ${name}`)
      .join('')})
     SELECT p, 1, '{prefix}-{seq:4}', 'never', 'test' ${Object.values(columns)
       .map((value) => `, ${value}`)
       .join('')}
     FROM unnest($1::text[]) p`,
    [prefixes],
  )

function createInstance(url = database.runtimeUrl) {
  const instance = openInstance(url)
  closing.push(instance.close)
  return instance
}

/** One number of each, so that their counters are there and their rules are known. */
const begin = async ({ issue }: ReturnType<typeof createInstance>, prefixes: string[]) => {
  for (const prefix of prefixes) await issue({ prefix })
}

/** How many links each of the latest transactions made. */
const linksOfTransactions = async () =>
  (
    await queryAsAdmin<{ links: number }>(
      database,
      'SELECT count(*)::int AS links FROM batches GROUP BY feed ORDER BY feed DESC',
    )
  ).map(({ links }) => links)

/** The first error, or the value, of each. */
const outcomesOf = async (answers: Promise<Issued>[]) =>
  (await Promise.allSettled(answers)).map((answer) =>
    answer.status === 'fulfilled'
      ? answer.value.numbers.map(({ value }) => value).join()
      : (answer.reason as { code: string }).code,
  )

test('requests of many sequences go in one transaction of one statement, each sequence with a link of its own', async () => {
  const instance = createInstance()
  await begin(instance, healthy)
  const before = instance.statements()
  const answers = await Promise.all(
    upTo(3).flatMap(() => healthy.map((prefix) => instance.issue({ prefix }))),
  )
  expect(instance.statements() - before).toBe(1)
  expect(valuesOf(answers)).toEqual([2, 3, 4].flatMap((value) => healthy.map(() => value)))
  expect((await linksOfTransactions())[0]).toBe(healthy.length)
})

test('a request alone takes one statement, that for one sequence', async () => {
  const instance = createInstance()
  await begin(instance, ['S01'])
  const before = instance.statements()
  const query = jest.spyOn(Client.prototype, 'query')
  await instance.issue({ prefix: 'S01' })
  expect(query.mock.calls.map(([config]) => (config as unknown as { name: string }).name)).toEqual([
    'issue_numbers',
  ])
  expect(instance.statements() - before).toBe(1)
  query.mockRestore()
})

interface Trouble {
  /** Further columns of the rules of the sequence T. */
  rules?: Record<string, string>
  request?: Partial<IssueRequest>
  /** After its first number. */
  before?: (instance: ReturnType<typeof createInstance>) => Promise<unknown>
  expected: string
}

const nextVersion = (columns: string, values: string) => () =>
  queryAsAdmin(
    database,
    `INSERT INTO sequences (prefix, version, template, reset, created_by, ${columns})
     SELECT 'T', 2, template, reset, created_by, ${values} FROM sequences WHERE prefix = 'T'`,
  )

const troubles: Record<string, Trouble> = {
  'changed rules': { before: nextVersion('reason', `'changed'`), expected: '2' },
  'a retired sequence': { before: nextVersion('active', 'false'), expected: 'sequence_not_found' },
  'a sealed sequence': { before: nextVersion('sealed_to', `'shop'`), expected: 'sequence_sealed' },
  'no value left': { rules: { end_value: '1' }, expected: 'sequence_exhausted' },
  'a closed period': {
    before: () =>
      queryAsAdmin(
        database,
        `INSERT INTO closed_periods (prefix, period, closed_at, closed_by, reason) VALUES ('T', '', now(), 'test', 'test')`,
      ),
    expected: 'period_closed',
  },
  'a date outside the window': {
    rules: { business_date_past_days: '0', business_date_future_days: '0' },
    // Near enough for the service to let the database decide.
    request: { business_date: new Date(Date.now() - 86_400_000).toISOString().slice(0, 10) },
    expected: 'business_date_out_of_window',
  },
  'a date out of order': {
    rules: { chronological: 'true', gap_policy: `'strict'`, business_date_past_days: 'NULL' },
    request: { business_date: '2024-05-01' },
    expected: 'out_of_order_date',
  },
  'a released value': {
    before: async ({ change }) =>
      change({
        prefix: 'T',
        period: '',
        value: 1,
        number: 'T-0001',
        event: 'release',
        caller: 'anonymous',
        request_id: 't',
      }),
    expected: '1',
  },
  'a key that was used': {
    request: { key: 'first' },
    before: async ({ issue }) => issue({ prefix: 'T', key: 'first' }),
    expected: '2',
  },
  'a key of another request': {
    request: { key: 'first', client_id: 'other' },
    before: async ({ issue }) => issue({ prefix: 'T', key: 'first' }),
    expected: 'idempotency_key_reused',
  },
  'several numbers': { request: { count: 3 }, expected: '2,3,4' },
  'a reservation': { request: { event: 'reserve', hold_seconds: 60 }, expected: '2' },
}

test.each(Object.entries(troubles))(
  'beside %s, the other sequences get their numbers together',
  async (_, { rules, request, before, expected }) => {
    await define(['T'], rules)
    const instance = createInstance()
    await begin(instance, [...healthy, 'T'])
    await before?.(instance)
    const answers = ['T', ...healthy].map((prefix) =>
      instance.issue({ prefix, ...(prefix === 'T' && request) }),
    )
    expect(await outcomesOf(answers)).toEqual([expected, ...healthy.map(() => '2')])
    expect(await linksOfTransactions()).toContain(healthy.length)
  },
)

test('a counter that another transaction holds holds up its own sequence alone', async () => {
  const instance = createInstance()
  await begin(instance, healthy)
  const holder = new Client(database.adminUrl)
  await holder.connect()
  closing.push(() => holder.end())
  await holder.query(`BEGIN; SELECT FROM counters WHERE prefix = 'S01' FOR UPDATE`)
  const held = instance.issue({ prefix: 'S01' })
  for (const value of [2, 3, 4]) {
    const answers = await Promise.all(healthy.slice(1).map((prefix) => instance.issue({ prefix })))
    expect(new Set(valuesOf(answers))).toEqual(new Set([value]))
  }
  await until(async () => (await holder.query(heldUp)).rowCount! > 0)
  // One that comes while the held one waits, alone, waits for nothing either.
  expect(valuesOf([await instance.issue({ prefix: 'S02' })])).toEqual([5])
  await holder.query('COMMIT')
  expect(valuesOf([await held])).toEqual([2])
})

test('two instances that ask for the same sequences in opposite orders never wait for each other in a circle', async () => {
  const instances = [createInstance(), createInstance()]
  for (const instance of instances) await begin(instance, healthy)
  const rounds = 30
  await Promise.all(
    instances.map(async ({ issue }, nth) => {
      const prefixes = nth === 0 ? healthy : [...healthy].reverse()
      for (let round = 0; round < rounds; round += 1)
        await Promise.all(prefixes.map((prefix) => issue({ prefix })))
    }),
  )
  const counters = await queryAsAdmin<{ last_value: string }>(
    database,
    `SELECT last_value FROM counters WHERE prefix = ANY ($1)`,
    [healthy],
  )
  expect(counters.map(({ last_value: value }) => Number(value))).toEqual(healthy.map(() => 2 + 2 * rounds))
  expect(
    await queryAsAdmin(database, 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()'),
  ).toEqual([{ deadlocks: '0' }])
})

test.each(['before', 'after', 'midway'] as const)(
  'a connection cut %s the commit of many sequences: each request is carried out once',
  async (moment) => {
    const url = new URL(database.runtimeUrl)
    const proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
    closing.push(() => proxy.close())
    url.port = String(proxy.port)
    const instance = createInstance(url.href)
    await begin(instance, healthy)
    proxy.cutAt('issue_many', moment)
    const asked = healthy.flatMap((prefix) => [{ prefix }, { prefix, key: 'k' }])
    const answers = await Promise.all(asked.map((request) => instance.issue(request)))
    expect(proxy.cuts).toBe(1)
    expect(valuesOf(answers)).toEqual(healthy.flatMap(() => [2, 3]))
    const counters = await queryAsAdmin(database, 'SELECT DISTINCT last_value FROM counters')
    expect(counters).toEqual([{ last_value: '3' }])
    // Its key has the answer that was given.
    const again = await Promise.all(healthy.map((prefix) => instance.issue({ prefix, key: 'k' })))
    expect(again.every(({ replayed }) => replayed)).toBe(true)
    expect(valuesOf(again)).toEqual(healthy.map(() => 3))
  },
)

const someRequests = fc.array(
  fc.record({
    prefix: fc.constantFrom(...upTo(6).map(nameOf)),
    asked: fc.oneof(
      { weight: 8, arbitrary: fc.constant({ event: 'issue' as const, count: 1 }) },
      fc.integer({ min: 2, max: 4 }).map((count) => ({ event: 'issue' as const, count })),
      fc.constant({ event: 'reserve' as const, count: 1, hold_seconds: 600 }),
    ),
    key: fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { nil: undefined }),
    instance: fc.constantFrom(0, 1),
  }),
  { minLength: 1, maxLength: 24 },
)

test('whatever is asked for at once, each request gets new values once, and its key the same ones again', async () => {
  const instances = [createInstance(), createInstance()]
  const next = new Map<string, number>()
  let turn = 0
  await fc.assert(
    fc.asyncProperty(fc.array(someRequests, { minLength: 1, maxLength: 4 }), async (rounds) => {
      turn += 1
      const known = new Map<string, { values: number[]; asked: unknown }>()
      for (const requests of rounds) {
        const answers = await Promise.allSettled(
          requests.map(({ prefix, asked, key, instance }) =>
            instances[instance]!.issue({ prefix, ...asked, key: key && `${turn} ${key}` }),
          ),
        )
        const fresh = new Map<string, number[]>()
        answers.forEach((answer, index) => {
          const { prefix, asked, key } = requests[index]!
          if (answer.status === 'rejected') {
            expect([key !== undefined, (answer.reason as { code: string }).code]).toEqual([
              true,
              'idempotency_key_reused',
            ])
            return
          }
          const values = valuesOf([answer.value])
          expect(values).toEqual(upTo(asked.count).map((n) => values[0]! + n - 1))
          const before = key && known.get(`${prefix} ${key}`)
          if (before) return expect({ values, asked }).toEqual(before)
          if (key) known.set(`${prefix} ${key}`, { values, asked })
          fresh.set(prefix, [...(fresh.get(prefix) ?? []), ...values])
        })
        for (const [prefix, values] of fresh) {
          const first = next.get(prefix) ?? 1
          expect(values.sort((a, b) => a - b)).toEqual(values.map((_, n) => first + n))
          next.set(prefix, first + values.length)
        }
      }
    }),
    { numRuns: 40 },
  )
  expect(Math.max(...(await linksOfTransactions()))).toBeGreaterThan(1)
})
