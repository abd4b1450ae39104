import fc from 'fast-check'
import { isAppError } from '@ordinal/errors'
import { loadProtos } from '@ordinal/grpc'
import { createGrpcClient, inspectLedger, type TestDatabase } from '@ordinal/testing'
import { createInstance as openInstance } from './instance'
import { createLedgerDatabase, queryAsAdmin, startSequencer, upTo } from './sequencer'
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

const dayMs = 86_400_000
function expectRefusal(error: unknown): void {
  if (!isAppError(error)) throw error
}

/** A business date so many days from today. */
const day = (days: number) => new Date(Date.now() + days * dayMs).toISOString().slice(0, 10)
const strict = { gap_policy: 'strict', chronological: true }
const define = (body: object = {}, prefix = 'C') =>
  sequencer.api.post('/api/v1/sequences', { prefix, template: `${prefix}{seq}`, ...strict, ...body }, admin)
const change = (body: object) => sequencer.api.put('/api/v1/sequences/C', body, admin)
const next = async (body: object = {}, headers: Record<string, string> = {}, prefix = 'C') => {
  const answer = await sequencer.api.post(`/api/v1/next/${prefix}`, body, { headers })
  return [answer.status, answer.body.full_number ?? answer.body.code, answer.body.detail] as const
}
const on = (days: number) => ({ business_date: day(days) })
const refused = (days: number, last: number, number: string) => [
  409,
  'out_of_order_date',
  `C issues in the order of business dates: ${day(days)} is before ${day(last)}, the date of ${number}, which is the last number of its period`,
]
const verifies = async () => {
  const { body } = await sequencer.api.get('/api/v1/audit/verify', admin)
  expect(body).toMatchObject({ fits: true, findings: [] })
  expect((await inspectLedger(database)).faults).toEqual([])
}
/** As somebody who owns the database and leaves the triggers as they were. */
const alterRules = (update: string) =>
  queryAsAdmin(
    database,
    `ALTER TABLE sequences DISABLE TRIGGER sequences_append_only; ${update};
     ALTER TABLE sequences ENABLE ALWAYS TRIGGER sequences_append_only`,
  )
function createInstance() {
  const instance = openInstance(database.runtimeUrl)
  closing.push(instance.close)
  return instance
}

test('an earlier date than that of the last number is refused with both, and a retry still gets its number', async () => {
  expect((await define()).body).toMatchObject({ chronological: true })
  expect(await next(on(-5), { 'Idempotency-Key': 'k' })).toEqual([200, 'C1', undefined])
  expect((await next(on(-5)))[1]).toBe('C2')
  expect((await next(on(-3)))[1]).toBe('C3')
  expect(await next(on(-4))).toEqual(refused(-4, -3, 'C3'))
  expect(await next({ ...on(-5), count: 2 })).toEqual(refused(-5, -3, 'C3'))
  expect(await next({ ...on(-5), hold_seconds: 60 })).toEqual(refused(-5, -3, 'C3'))
  expect(await next(on(-5), { 'Idempotency-Key': 'k' })).toEqual([200, 'C1', undefined])
  expect((await next())[1]).toBe('C4')
  expect(await next(on(-1))).toEqual(refused(-1, 0, 'C4'))
  expect((await next(on(0)))[1]).toBe('C5')
  await verifies()
})

test('a preview is refused as the draw would be, with a date and without one', async () => {
  await define({ time_zone: behind })
  const preview = async (query = '') => {
    const { status, body } = await sequencer.api.get(`/api/v1/preview/C${query}`)
    return [status, body.full_number ?? body.code, body.detail] as const
  }
  expect(await preview(`?business_date=${day(-9)}`)).toEqual([200, 'C1', undefined])
  await next(on(-3))
  expect(await preview(`?business_date=${day(-4)}`)).toEqual(refused(-4, -3, 'C1'))
  expect(await preview(`?business_date=${day(-3)}`)).toEqual([200, 'C2', undefined])
  expect(await preview()).toEqual([200, 'C2', undefined])
  await next(on(5))
  expect(await preview()).toEqual(await next())
  expect((await preview())[1]).toBe('out_of_order_date')
  await change({ chronological: false })
  expect(await preview()).toEqual([200, 'C3', undefined])
})

test('it holds after a restart', async () => {
  await define()
  await next(on(-2))
  await sequencer.stop()
  sequencer = await startSequencer(database, { JWT_SECRET: secret })
  expect(await next(on(-3))).toEqual(refused(-3, -2, 'C1'))
})

test('over gRPC it is FAILED_PRECONDITION', async () => {
  await define()
  await next()
  const protos = loadProtos(__dirname, 'sequencer.proto')
  const client = createGrpcClient(sequencer.grpcPort!, protos, 'sequential.SequentialIDService')
  closing.push(() => Promise.resolve(client.close()))
  const { code, trailers } = await client.call('GetNext', { prefix: 'C', ...on(-1) }, {})
  expect([code, trailers['ordinal-error-code']]).toEqual(['FAILED_PRECONDITION', 'out_of_order_date'])
})

test('each period has an order of its own', async () => {
  const year = new Date().getUTCFullYear()
  await define({ template: 'C{YYYY}-{seq}', reset: 'yearly', business_date_past_days: null })
  expect((await next())[1]).toBe(`C${year}-1`)
  expect((await next({ business_date: `${year - 1}-12-31` }))[1]).toBe(`C${year - 1}-1`)
  expect((await next({ business_date: `${year - 1}-12-30` }))[1]).toBe('out_of_order_date')
  expect((await next({ business_date: `${year - 2}-01-01` }))[1]).toBe(`C${year - 2}-1`)
})

test('with recycle it is refused, with the reason', async () => {
  const message =
    'needs the gap_policy strict: with recycle a released value would be issued again to a later document, before those of earlier dates'
  const errors = [{ path: 'body.chronological', message }]
  expect((await define({ gap_policy: 'recycle' })).body).toMatchObject({ code: 'validation_failed', errors })
  await define()
  expect((await change({ gap_policy: 'recycle' })).body).toMatchObject({ errors })
  expect((await change({ gap_policy: 'recycle', chronological: false })).status).toBe(200)
  expect((await change({ chronological: true })).body).toMatchObject({ errors })
})

test('a released value goes to no later document, also one that was released before the rule', async () => {
  await define({ gap_policy: 'recycle', chronological: false })
  await next({ count: 2 })
  const release = (number: string) =>
    sequencer.api.post(`/api/v1/numbers/${number}/release`, { reason: 'test' }, admin)
  expect((await release('C1')).body.state).toBe('free')
  await change(strict)
  expect((await next())[1]).toBe('C3')
  expect((await release('C3')).body.state).toBe('void')
  expect((await next())[1]).toBe('C4')
  await verifies()
})

test('a reserved number has the date on which it was reserved', async () => {
  await define()
  expect((await next({ ...on(-4), hold_seconds: 600 }))[1]).toBe('C1')
  expect((await next(on(-2)))[1]).toBe('C2')
  expect((await sequencer.api.post('/api/v1/numbers/C1/confirm', {}, admin)).body.state).toBe('issued')
  expect(await next(on(-3))).toEqual(refused(-3, -2, 'C2'))
  await verifies()
})

test('where the rule comes to a period that has begun, it counts from the last number on', async () => {
  await define({ chronological: false })
  await next(on(-2))
  await next(on(-6))
  await change({ chronological: true })
  expect(await next(on(-7))).toEqual(refused(-7, -6, 'C2'))
  expect((await next(on(-5)))[1]).toBe('C3')
  await verifies()
})

// 26 hours apart: it is never the same day in both.
const [ahead, behind] = ['Pacific/Kiritimati', 'Etc/GMT+12']
const dayIn = (zone: string) => new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(new Date())

test('a number keeps the date on which it was issued when the time zone changes, also with the rule off meanwhile', async () => {
  const dated = { template: 'C{YYYY}{MM}{DD}-{seq}', time_zone: ahead }
  await define(dated)
  const first = await next()
  const refusal = async (number: string) => {
    const [status, code, detail] = await next()
    expect([status, code]).toEqual([409, 'out_of_order_date'])
    expect(detail).toContain(`is before ${dayIn(ahead)}, the date of ${number}`)
  }
  expect((await change({ time_zone: behind })).status).toBe(200)
  await refusal(first[1])
  expect((await change({ time_zone: ahead, chronological: false })).status).toBe(200)
  expect((await change({ time_zone: behind })).status).toBe(200)
  expect((await change({ chronological: true })).status).toBe(200)
  await refusal(first[1])
  const second = await next({ business_date: dayIn(ahead) })
  await refusal(second[1])
  await verifies()
})

test('verify finds a number that is out of order by the time zones in which the two were issued', async () => {
  await define({ time_zone: ahead })
  await next()
  await change({ time_zone: behind })
  await alterRules('UPDATE sequences SET chronological = false WHERE version = 2')
  await next({ business_date: dayIn(behind) })
  await alterRules('UPDATE sequences SET chronological = true WHERE version = 2')
  const { body } = await sequencer.api.get('/api/v1/audit/verify?prefix=C', admin)
  expect(body.findings).toContainEqual(
    expect.objectContaining({
      column: 'business_date',
      detail: expect.stringContaining('behind C1 of'),
    }),
  )
})

test('imports take any date, and the last imported number counts', async () => {
  await define()
  const send = (...lines: string[]) =>
    sequencer.api.request({
      method: 'POST',
      path: '/api/v1/sequences/C/import',
      rawBody: ['number,business_date', ...lines].join('\n'),
      headers: { ...admin.headers, 'Content-Type': 'text/csv' },
    })
  expect((await send(`C1,${day(-3)}`, `C2,${day(-9)}`)).body).toMatchObject({ imported: 2 })
  expect(await next(on(-10))).toEqual(refused(-10, -9, 'C2'))
  expect((await next(on(-8)))[1]).toBe('C3')
  expect((await send(`C4,${day(-20)}`, 'C5,')).body).toMatchObject({ imported: 2 })
  expect(await next(on(-1))).toEqual(refused(-1, 0, 'C5'))
  expect((await next())[1]).toBe('C6')
  await verifies()
})

test('of many requests at once to several instances, the dates follow each other in the order of the values', async () => {
  await define()
  const instances = upTo(4).map(createInstance)
  const results = await Promise.allSettled(
    upTo(300).map((n) => {
      const days = -((n * 7) % 30)
      return instances[n % 4]!.issue({
        prefix: 'C',
        count: (n % 3) + 1,
        ...(n % 11 > 0 && { business_date: day(days) }),
        ...(n % 5 === 0 && { key: `k${n}` }),
      })
    }),
  )
  const codes = results.flatMap((result) =>
    result.status === 'rejected' ? [(result.reason as { code: string }).code] : [],
  )
  expect(new Set(codes)).toEqual(new Set(['out_of_order_date']))
  const rows = await queryAsAdmin<{ date: string }>(
    database,
    `SELECT coalesce(business_date, at::date)::text AS date FROM ledger WHERE prefix = 'C' ORDER BY value`,
  )
  expect(rows.length).toBeGreaterThan(3)
  const dates = rows.map(({ date }) => date)
  expect(dates).toEqual([...dates].sort())
  await verifies()
})

test('a batch answers the retries in it, and refuses the rest by one statement more', async () => {
  await define()
  const { issue, statements } = createInstance()
  const early = { prefix: 'C', business_date: day(-9) }
  await Promise.all(upTo(20).map((n) => issue({ ...early, key: `k${n}` })))
  await issue({ prefix: 'C', business_date: day(-1) })
  const before = statements()
  const results = await Promise.allSettled(upTo(40).map((n) => issue({ ...early, key: `k${n}` })))
  expect(statements() - before).toBe(2)
  expect(results.map(({ status }) => status)).toEqual(
    upTo(40).map((n) => (n <= 20 ? 'fulfilled' : 'rejected')),
  )
  await verifies()
})

test('what a sequence without the rule issues costs no statement more', async () => {
  const { issue, statements } = createInstance()
  await issue()
  const before = statements()
  await Promise.all(upTo(100).map(() => issue()))
  expect(statements() - before).toBe(1)
})

test('any steps in any order: a number is refused when its date is before that of the last one, and only then', async () => {
  const step = fc.record({
    kind: fc.constantFrom('issue', 'issue', 'issue', 'reserve', 'suppress', 'release', 'restart'),
    days: fc.integer({ min: -6, max: 2 }),
    count: fc.integer({ min: 1, max: 2 }),
    now: fc.boolean(),
  })
  let runs = 0
  let instance = createInstance()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 10 }), async (steps) => {
      const prefix = `P${(runs += 1)}.`
      await define({}, prefix)
      let last: number | undefined
      let given = 0
      for (const { kind, days, count, now } of steps) {
        if (kind === 'restart') instance = createInstance()
        else if (kind === 'release') {
          const release = {
            prefix,
            period: '',
            value: given,
            number: `${prefix}${given}`,
            caller: 'x',
            request_id: 'x',
          }
          // It may be released already, or never have been in a document.
          if (given > 0) await instance.change({ ...release, event: 'release' }).catch(expectRefusal)
        } else {
          const date = now ? 0 : days
          const fits = last === undefined || date >= last
          const request = { prefix, event: kind, count, ...(!now && { business_date: day(days) }) } as const
          const answer = await instance
            .issue({
              ...request,
              ...(kind === 'reserve' && { hold_seconds: 60 }),
              ...(kind === 'suppress' && { reason: 'test' }),
            })
            .then(
              ({ numbers }) => numbers.map(({ value }) => value),
              ({ code }: { code: string }) => code,
            )
          expect(answer).toEqual(fits ? upTo(count).map((n) => given + n) : 'out_of_order_date')
          if (fits) [last, given] = [date, given + count]
        }
      }
    }),
    { numRuns: 40 },
  )
  await verifies()
})

test('a number that somebody wrote out of order is found', async () => {
  await define()
  await next(on(-5))
  await next(on(-3))
  await alterRules(`UPDATE sequences SET chronological = false WHERE prefix = 'C'`)
  await next(on(-4))
  await alterRules(`UPDATE sequences SET chronological = true WHERE prefix = 'C'`)
  const { body } = await sequencer.api.get('/api/v1/audit/verify?prefix=C', admin)
  expect(body.findings).toMatchObject([
    {
      column: 'business_date',
      detail: expect.stringContaining(
        `has C3 of ${day(-4)} behind C2 of ${day(-3)}, and its rules are chronological`,
      ),
    },
  ])
})
