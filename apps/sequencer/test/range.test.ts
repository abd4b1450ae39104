import fc from 'fast-check'
import { valuesAtWarning, valuesLeft } from '../src/domain/range'
import { RulesError, validateRules } from '../src/domain/rules'
import { loadProtos } from '@ordinal/grpc'
import { createGrpcClient, inspectLedger, until, type TestDatabase } from '@ordinal/testing'
import { createInstance as openInstance, sorted, valuesOf } from './instance'
import { createRangeWatch } from '../src/sequences/range-watch'
import { createRulesRepository } from '../src/sequences/repository'
import type { Logger } from '@ordinal/logging'
import { plainRules } from './rule-sets'
import { createLedgerDatabase, queryAsAdmin, startSequencer, upTo, valuesIn } from './sequencer'
import { bearer, secret } from './tokens'

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>
let admin: { headers: Record<string, string> }
const closing: (() => Promise<void>)[] = []

beforeAll(async () => void (admin = { headers: await bearer('admin') }))
beforeEach(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, { JWT_SECRET: secret })
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  await sequencer.stop()
  await database.drop()
})

const define = (body: object) =>
  sequencer.api.post('/api/v1/sequences', { prefix: 'R', template: 'R{seq}', ...body }, admin)
const change = (body: object) => sequencer.api.put('/api/v1/sequences/R', body, admin)
const next = (body: object = {}, headers: Record<string, string> = {}) =>
  sequencer.api.post('/api/v1/next/R', body, { headers })
const read = async (path: string) => (await sequencer.api.get(path, admin)).body
const verifies = async () => {
  expect(await read('/api/v1/audit/verify')).toMatchObject({ fits: true, findings: [] })
  expect((await inspectLedger(database)).faults).toEqual([])
}
function createInstance() {
  const instance = openInstance(database.runtimeUrl)
  closing.push(instance.close)
  return instance
}

test('a sequence with an end issues up to it, and says then how that is mended', async () => {
  expect((await define({ end: 3, warn_at: 1 })).body).toMatchObject({ end: 3, warn_at: 1 })
  expect((await next({ count: 2 })).status).toBe(200)
  const tooMany = await next({ count: 2 })
  expect([tooMany.status, tooMany.body.code, tooMany.body.detail]).toEqual([
    409,
    'sequence_exhausted',
    'R has 1 value left, of which the last is 3, and the request asks for 2: ask for fewer, raise end, or define a sequence for the next range',
  ])
  expect((await next({ hold_seconds: 60 })).body.full_number).toBe('R3')
  const over = await next()
  expect([over.status, over.body.code, over.body.detail]).toEqual([
    409,
    'sequence_exhausted',
    'R has no more values: they end at 3. Raise end, or define a sequence for the next range',
  ])
  expect((await next({ hold_seconds: 60 })).body.code).toBe('sequence_exhausted')
  expect((await change({ end: 4 })).body).toMatchObject({ version: 2, end: 4 })
  expect((await next()).body.full_number).toBe('R4')
  expect(await valuesIn(database, 'R')).toEqual([1, 2, 3, 4])
  const { versions } = await read('/api/v1/sequences/R')
  expect((versions as { end: number }[]).map(({ end }) => end)).toEqual([4, 3])
  await verifies()
})

const release = (number: string) =>
  sequencer.api.post(`/api/v1/numbers/${number}/release`, { reason: 'test' }, admin)

test('released values come one at a time, and the refusal of several at once says how many there are', async () => {
  await define({ end: 4, gap_policy: 'recycle' })
  await next({ count: 3 })
  for (const number of ['R1', 'R2', 'R3']) await release(number)
  expect((await next({ count: 2 })).body.detail).toBe(
    'R has 1 new value left, where they end at 4, and 3 released values, issued one at a time, and the request asks for 2: ask for one number at a time, raise end, or define a sequence for the next range',
  )
  expect((await next()).body.full_number).toBe('R1')
  const { issue, sequences } = createInstance()
  await sequences.load('R') // so that all go in one batch
  const [, two, three] = await Promise.allSettled([1, 2, 3].map((count) => issue({ prefix: 'R', count })))
  expect((two as PromiseRejectedResult).reason).toMatchObject({
    message: expect.stringContaining('R has 1 new value left, where they end at 4, and 1 released value,'),
  })
  expect((three as PromiseRejectedResult).reason).toMatchObject({
    message: expect.stringContaining('asks for 3: ask for one number at a time'),
  })
  expect([(await next()).body.full_number, (await next()).body.full_number]).toEqual(['R3', 'R4'])
  expect((await next()).body.detail).toContain('has no more values')
})

test('the refusal of one of several at once says what the others leave', async () => {
  await define({ end: 3 })
  const { issue, sequences } = createInstance()
  await sequences.load('R')
  const results = await Promise.allSettled([2, 1, 1].map((count) => issue({ prefix: 'R', count })))
  expect(results[2]).toMatchObject({
    reason: { message: expect.stringContaining('R has no more values: they end at 3') },
  })
})

test('values of a past period that are free above its end are not left', async () => {
  const year = new Date().getUTCFullYear() - 1
  const before = { business_date: `${year}-12-30` }
  const rules = { template: 'R{YYYY}-{seq}', reset: 'yearly', start: 2, end: 9, gap_policy: 'recycle' }
  await define({ ...rules, business_date_past_days: null })
  await next({ ...before, count: 6 })
  for (const value of [7, 2]) await release(`R${year}-${value}`)
  await change({ end: 3 })
  const path = `/api/v1/status/R?business_date=${before.business_date}`
  expect(await read(path)).toMatchObject({ gaps: 2, values_left: 1 })
  expect((await next({ ...before, count: 2 })).body.detail).toContain(
    `has no new values left in the period ${year}, where they end at 3, and 1 released value,`,
  )
  expect((await next(before)).body.full_number).toBe(`R${year}-2`)
  expect(await read(path)).toMatchObject({ gaps: 1, values_left: 0 })
})

test('where values end because there are no greater ones, nothing says that the end can be raised', async () => {
  await define({ start: Number.MAX_SAFE_INTEGER })
  expect((await next({ count: 2 })).body.detail).toBe(
    'R has 1 value left, of which the last is 9007199254740991, and the request asks for 2: ask for fewer, or define another sequence',
  )
  await next()
  expect((await next()).body.detail).toBe(
    'R has no more values: they end at 9007199254740991. Define another sequence',
  )
})

test('status and preview say where a sequence ends, and how many values are left', async () => {
  await define({ end: 2 })
  expect(await read('/api/v1/status/R')).toMatchObject({ end: 2, values_left: 2 })
  expect(await read('/api/v1/preview/R')).toMatchObject({ full_number: 'R1', end: 2, values_left: 2 })
  await next({ count: 2 })
  expect(await read('/api/v1/status/R')).toMatchObject({ end: 2, values_left: 0 })
  const preview = await sequencer.api.get('/api/v1/preview/R')
  expect([preview.status, preview.body.code]).toEqual([409, 'sequence_exhausted'])
  expect(await read('/api/v1/status/SG')).not.toHaveProperty('values_left')
  expect(await read('/api/v1/preview/SG')).not.toHaveProperty('end')
})

test('gRPC refuses at the end as well, and its status has the end', async () => {
  await define({ end: 2 })
  const protos = loadProtos(__dirname, 'sequencer.proto')
  const client = createGrpcClient(sequencer.grpcPort!, protos, 'sequential.SequentialIDService')
  closing.push(() => Promise.resolve(client.close()))
  const call = async (method: string, message: object) => {
    const { code, trailers } = await client.call(method, { prefix: 'R', ...message }, {})
    return [code, trailers['ordinal-error-code']]
  }
  expect(await call('GetNextBatch', { count: 3 })).toEqual(['FAILED_PRECONDITION', 'sequence_exhausted'])
  expect(await call('GetNextBatch', { count: 2 })).toEqual(['OK', undefined])
  expect(await call('GetNext', {})).toEqual(['FAILED_PRECONDITION', 'sequence_exhausted'])
  const { body } = await client.call('GetStatus', { prefix: 'R' }, {})
  expect(body).toEqual(await read('/api/v1/status/R'))
  expect(body).toMatchObject({ end: 2, values_left: 0 })
})

test('a warn_at that is neither a number of values nor a percentage is refused with what it can be', async () => {
  const message = 'must be a number of values, at least 1, or a percentage from 1% to 99%, as in "10%"'
  for (const warn_at of [{}, [], true, 0, 1.5, '100%', '0%', 'x'])
    expect((await define({ end: 3, warn_at })).body.errors).toEqual([{ path: 'body.warn_at', message }])
})

test('each period has the values up to the end', async () => {
  const year = new Date().getUTCFullYear()
  await define({ template: 'R{YYYY}-{seq}', reset: 'yearly', end: 1 })
  const before = { business_date: `${year - 1}-12-31` }
  expect((await next(before)).body.full_number).toBe(`R${year - 1}-1`)
  expect((await next()).body.full_number).toBe(`R${year}-1`)
  expect((await next(before)).body.detail).toContain(`in the period ${year - 1}: they end at 1`)
  await verifies()
})

test('a batch that fits in part issues what fits, without a hole, and refuses the rest', async () => {
  await define({ end: 10 })
  const { issue, statements } = createInstance()
  await issue({ prefix: 'R' })
  const before = statements()
  const results = await Promise.allSettled([
    ...[3, 7, 4].map((count) => issue({ prefix: 'R', count })),
    ...upTo(100).map(() => issue({ prefix: 'R' })),
  ])
  // One that is refused as a whole, and one of what fits.
  expect(statements() - before).toBe(2)
  const answered = results.map((result) =>
    result.status === 'fulfilled'
      ? result.value.numbers.map(({ value }) => value)
      : (result.reason as { code: string }).code,
  )
  expect(answered.slice(0, 5)).toEqual([[2, 3, 4], 'sequence_exhausted', [5, 6, 7, 8], [9], [10]])
  expect(new Set(answered.slice(5))).toEqual(new Set(['sequence_exhausted']))
  await verifies()
})

test('many requests at once leave no hole, get nothing above the end, and a key gets its number again', async () => {
  await define({ end: 250, start: 3 })
  // An odd number of them: each has requests with a key, whichever is first.
  const instances = upTo(3).map(createInstance)
  const ask = (n: number, key: boolean) =>
    instances[n % 3]!.issue({
      prefix: 'R',
      count: n % 7 === 0 ? 9 : 1,
      ...(key && { key: `k${n % 100}`, count: 1 }),
    })
  const results = await Promise.allSettled(upTo(400).map((n) => ask(n, n % 2 === 0)))
  const fulfilled = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const refused = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as { code: string }] : [],
  )
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['sequence_exhausted']))
  expect(sorted(valuesOf(fulfilled.filter(({ replayed }) => !replayed)))).toEqual(upTo(250).slice(2))
  expect(await valuesIn(database, 'R')).toEqual(upTo(250).slice(2))
  // Retries are answered at the end, too; also in one batch with requests that are refused.
  const keyed = fulfilled.filter(({ replayed }) => replayed)[0]!
  const again = await Promise.allSettled(upTo(100).map((n) => ask(n, true)))
  const replayed = again.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  expect(replayed.every((answer) => answer.replayed)).toBe(true)
  expect(valuesOf(replayed)).toContain(keyed.numbers[0]!.value)
  await verifies()
})

test('a released value is issued again at the end, once, also to one of many at once', async () => {
  await define({ end: 20, gap_policy: 'recycle' })
  const { issue, change } = createInstance()
  await issue({ prefix: 'R', count: 20 })
  for (const value of [4, 9])
    await change({
      prefix: 'R',
      period: '',
      value,
      number: `R${value}`,
      event: 'release',
      caller: 'x',
      request_id: 'test',
    })
  expect(await read('/api/v1/status/R')).toMatchObject({ values_left: 2 })
  expect(await read('/api/v1/preview/R')).toMatchObject({ full_number: 'R4' })
  const results = await Promise.allSettled([
    issue({ prefix: 'R', count: 2 }),
    ...upTo(30).map(() => issue({ prefix: 'R' })),
  ])
  expect(
    valuesOf(results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))),
  ).toEqual([4, 9])
  await verifies()
})

test('strict sequences count no released value as left', async () => {
  await define({ end: 1, gap_policy: 'strict' })
  const { body } = await next({}, { 'Idempotency-Key': 'k' })
  await sequencer.api.post(`/api/v1/numbers/${body.full_number}/release`, { reason: 'test' }, admin)
  expect(await read('/api/v1/status/R')).toMatchObject({ values_left: 0, gaps: 1 })
  expect((await next()).body.code).toBe('sequence_exhausted')
})

test.each<[object, string, string]>([
  [{ start: 10, end: 9 }, 'end', '9 is below the first value, 10'],
  [{ warn_at: '10%' }, 'warn_at', 'says when few values are left, and without end there is no last one'],
  [{ end: 10, warn_at: 11 }, 'warn_at', 'from 1 to 10 there are 10 values, and so never 11'],
])('rules are refused: %j', async (rules, field, message) => {
  const { status, body } = await define(rules)
  expect([status, body.code, body.errors]).toEqual([
    400,
    'validation_failed',
    [{ path: `body.${field}`, message }],
  ])
})

test.each([
  { end: 0 },
  { end: 1.5 },
  { end: '10' },
  { end: 9, warn_at: '0%' },
  { end: 9, warn_at: '100%' },
  { end: 9, warn_at: '5' },
  { end: 9, warn_at: 0 },
])('rules of another shape are refused: %j', async (rules) => {
  expect((await define(rules)).status).toBe(400)
})

test('an end below what is issued is refused, and one that is not below it is taken', async () => {
  const year = new Date().getUTCFullYear()
  await define({ template: 'R{YYYY}-{seq}', reset: 'yearly' })
  await next({ count: 5, business_date: `${year - 1}-12-31` })
  await next({ count: 3 })
  const { status, body } = await change({ end: 2 })
  expect([status, body.code, body.detail]).toEqual([
    409,
    'rules_conflict',
    `end: 3 is issued in the period ${year}, so it cannot be lower than that`,
  ])
  // The period that is over keeps what it has.
  expect((await change({ end: 3, warn_at: '50%' })).status).toBe(200)
  expect((await next({ business_date: `${year - 1}-12-31` })).body.code).toBe('sequence_exhausted')
  expect((await change({ end: null })).body.errors).toMatchObject([{ path: 'body.warn_at' }])
  expect((await change({ end: null, warn_at: null })).body).toMatchObject({ end: null, warn_at: null })
  expect((await next()).body.full_number).toBe(`R${year}-4`)
  await verifies()
})

test('an import goes up to the end, and refuses the lines above it', async () => {
  await define({ end: 2 })
  const { body } = await sequencer.api.request({
    method: 'POST',
    path: '/api/v1/sequences/R/import',
    rawBody: 'number\nR1\nR2\nR3\n',
    headers: { ...admin.headers, 'Content-Type': 'text/csv' },
  })
  expect(body).toMatchObject({
    imported: 2,
    refused: {
      shown: [{ line: 4, number: 'R3', reason: 'is above 2, where the values of the sequence end' }],
    },
  })
  await verifies()
})

test('sites draw up to the end, and a simulation says when there is none left', async () => {
  await sequencer.api.put('/api/v1/sequences/GLOBAL', { end: 1 }, admin)
  const draw = (invoiceType: string) =>
    sequencer.api.post('/api/v1/sequence/next', { siteId: 'site-1', partitionId: 'partition-a', invoiceType })
  expect((await draw('on-cycle')).status).toBe(200)
  for (const type of ['on-cycle', 'suppressed', 'simulated'])
    expect([type, (await draw(type)).body.code]).toEqual([type, 'sequence_exhausted'])
})

test('a value above the end that somebody wrote is found', async () => {
  await define({ end: 5 })
  await next({ count: 2 })
  await queryAsAdmin(
    database,
    `ALTER TABLE sequences DROP CONSTRAINT sequences_end_value_check; ALTER TABLE sequences DISABLE TRIGGER ALL;
     UPDATE sequences SET end_value = 1 WHERE prefix = 'R'; ALTER TABLE sequences ENABLE TRIGGER ALL;
     ALTER TABLE register DISABLE TRIGGER ALL;
     UPDATE register SET content = jsonb_set(content, '{end_value}', '1') WHERE kind = 'rules' AND name = 'R'`,
  )
  const { findings } = await read('/api/v1/audit/verify?prefix=R')
  expect(findings).toContainEqual(
    expect.objectContaining({
      column: 'value',
      detail: expect.stringContaining('has the value 2, and its rules end at 1'),
    }),
  )
})

test('the metrics and one line of the log say when few values are left', async () => {
  await define({ end: 10, warn_at: '30%' })
  const metric = async (name: string) => {
    const text = (await sequencer.api.get('/metrics')).body as unknown as string
    return new RegExp(`^${name}\\{prefix="R"\\} (.*)$`, 'm').exec(text)?.[1]
  }
  const lines = () => sequencer.lines.filter((line) => line.includes('a sequence has'))
  // It looks at its start, and every five seconds.
  const startAgain = async () => {
    await sequencer.stop()
    sequencer = await startSequencer(database, { JWT_SECRET: secret })
    await until(async () => (await metric('sequencer_values_left')) !== undefined)
  }
  await next({ count: 6 })
  await startAgain()
  expect(await metric('sequencer_values_left')).toBe('4')
  expect(await metric('sequencer_values_warn_at')).toBe('3')
  expect(lines()).toEqual([])
  await next()
  await startAgain()
  await until(() => lines().length > 0)
  expect(lines().map((line) => JSON.parse(line) as object)).toMatchObject([
    {
      level: 'warn',
      message: 'a sequence has few values left',
      prefix: 'R',
      period: '',
      values_left: 3,
      end: 10,
    },
  ])
})

test('a period has its line once, and again if its end is another', async () => {
  const instance = createInstance()
  const shown: unknown[] = []
  const lines: object[] = []
  const repository = createRulesRepository({ prisma: instance.prisma, db: instance.pool })
  const watch = createRangeWatch({
    db: instance.pool,
    repository,
    show: (ranges) => shown.push(ranges),
    log: { ...instance.log, warn: (_: string, line: object) => lines.push(line) } as unknown as Logger,
    everyMs: 5,
  })
  watch.start()
  closing.push(watch.stop)
  const rounds = async (n = 2) => {
    const before = shown.length
    await until(() => shown.length >= before + n)
  }
  await rounds()
  expect(shown.at(-1)).toEqual([])
  await define({ end: 2, warn_at: 1, gap_policy: 'recycle' })
  await next()
  await rounds()
  expect(shown.at(-1)).toEqual([{ prefix: 'R', period: '', end: 2, left: 1, warnAt: 1 }])
  await sequencer.api.post('/api/v1/numbers/R1/release', { reason: 'test' }, admin)
  await rounds()
  await next({ count: 1 })
  await next()
  await rounds()
  expect(lines).toEqual([{ prefix: 'R', period: '', values_left: 1, end: 2 }])
  await change({ end: 3 })
  await rounds()
  expect(lines).toHaveLength(2)
  await change({ end: null, warn_at: null })
  await rounds()
  expect(shown.at(-1)).toEqual([])
})

test('which requests of a batch are beyond the end: those that the earlier ones leave too little', async () => {
  const request = fc.record({
    event: fc.constantFrom('issue', 'reserve', 'suppress', 'import', 'skip'),
    count: fc.integer({ min: 1, max: 5 }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(request, fc.boolean()), { minLength: 1, maxLength: 12 }),
      fc.nat({ max: 4 }),
      fc.integer({ min: -3, max: 15 }),
      async (requests, freeValues, fresh) => {
        const left = requests.flatMap(([, isLeft], index) => (isLeft ? [index + 1] : []))
        fc.pre(left.length > 0)
        const [row] = await queryAsAdmin<{ beyond: number[]; fresh: number }>(
          database,
          `SELECT beyond, fresh::int FROM requests_beyond((SELECT array_agg(r) FROM jsonb_populate_recordset(NULL::ledger_request, $1) r), $2, $3, $4)`,
          [JSON.stringify(requests.map(([of]) => of)), left, freeValues, fresh],
        )
        // Values are given out one by one: what is given stays dense, and nobody is refused who could be served then.
        let [free, values] = [freeValues, fresh]
        const expected = left.filter((nth) => {
          const { event, count } = requests[nth - 1]![0]
          const recycles = count === 1 && !['import', 'skip'].includes(event) && free > 0
          if (recycles) free -= 1
          else if (count > values) return true
          else values -= count
          return false
        })
        expect(row).toEqual({ beyond: expected, fresh: Math.max(0, values) })
      },
    ),
    { numRuns: 60 },
  )
})

test('how many values are left, and with how many left the service warns', () => {
  const range = fc
    .tuple(
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    )
    .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }))
  fc.assert(
    fc.property(range, fc.integer({ min: 1, max: 99 }), (of, percent) => {
      const values = of.end - of.start + 1
      expect(valuesLeft({ ...of, gapPolicy: 'strict' }, undefined)).toBe(values)
      expect(
        valuesLeft({ ...of, gapPolicy: 'recycle' }, { lastValue: of.end, free: 2, freeAboveEnd: 0 }),
      ).toBe(2)
      expect(
        valuesLeft({ ...of, gapPolicy: 'strict' }, { lastValue: of.end, free: 2, freeAboveEnd: 0 }),
      ).toBe(0)
      const at = valuesAtWarning({ ...of, warnAt: `${percent}%` })!
      expect(Number.isSafeInteger(at)).toBe(true)
      expect(at).toBeLessThanOrEqual(values)
      expect(valuesAtWarning({ ...of, warnAt: percent })).toBe(percent)
      const rules = { ...plainRules, ...of, warnAt: percent }
      if (percent > values) expect(() => validateRules('R', rules)).toThrow(RulesError)
      else expect(validateRules('R', rules)).toMatchObject(rules)
    }),
  )
})
