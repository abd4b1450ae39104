import { createHash } from 'node:crypto'
import { Client } from 'pg'
import { parseConfig } from '@ordinal/config'
import { until, type ApiAnswer, type TestDatabase } from '@ordinal/testing'
import { sequencerConfig } from '../src/config'
import { createLedgerDatabase, heldUp, queryAsAdmin, startSequencer, upTo, valuesIn } from './sequencer'
import { bearer, secret } from './tokens'

const machineKey = 'k'.repeat(43)
const env = {
  JWT_SECRET: secret,
  API_KEYS: `shop:${createHash('sha256').update(machineKey).digest('hex')}`,
}

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>
let headers: Record<string, string>

beforeAll(async () => void (headers = await bearer('admin')))
beforeEach(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, env)
})
afterEach(async () => {
  await sequencer.stop()
  await database.drop()
})

const define = (body: object) => sequencer.api.post('/api/v1/sequences', body, { headers })
const change = (prefix: string, body: object, more: Record<string, string> = {}) =>
  sequencer.api.put(`/api/v1/sequences/${prefix}`, body, { headers: { ...headers, ...more } })
const read = (prefix: string) => sequencer.api.get(`/api/v1/sequences/${prefix}`, { headers })
const retire = (prefix: string, query = '') =>
  sequencer.api.delete(`/api/v1/sequences/${prefix}${query}`, { headers })
const next = async (prefix: string, body: object = {}) => {
  const answer = await sequencer.api.post(`/api/v1/next/${prefix}`, body)
  return (answer.body.full_number ?? answer.body.code) as string
}
const outcome = ({ status, body }: ApiAnswer) => [status, body.code]
const versionsIn = (prefix: string) =>
  queryAsAdmin<{ version: number }>(
    database,
    'SELECT version FROM sequences WHERE prefix = $1 ORDER BY version',
    [prefix],
  ).then((rows) => rows.map(({ version }) => version))

test('a sequence that is defined issues at once, with what was not said as it usually is', async () => {
  const { status, body, headers: got } = await define({ prefix: 'RE', template: '{prefix}-{seq:5}' })
  expect(status).toBe(201)
  expect(body).toEqual({
    prefix: 'RE',
    version: 1,
    template: '{prefix}-{seq:5}',
    reset: 'never',
    time_zone: 'UTC',
    fiscal_year_start: 1,
    start: 1,
    gap_policy: 'recycle',
    release_window_seconds: 3600,
    sealed_to: null,
    allow_overlap: false,
    business_date_past_days: 366,
    business_date_future_days: 31,
    end: null,
    warn_at: null,
    chronological: false,
    active: true,
    created_at: expect.any(String),
    created_by: 'ada',
    reason: null,
  })
  expect([got.get('etag'), got.get('location')]).toEqual(['"1"', '/api/v1/sequences/RE'])
  expect(await next('RE')).toBe('RE-00001')
})

test("the seed's printf notation is kept as braces, in either spelling of the fields", async () => {
  const { body } = await define({
    prefix: 'BILL',
    template: 'BILL%d-%04d',
    reset: 'yearly',
    timeZone: 'Pacific/Auckland',
    fiscalYearStart: 4,
    gapPolicy: 'strict',
    business_date_past_days: null,
  })
  expect(body).toMatchObject({
    template: 'BILL{YYYY}-{seq:4}',
    time_zone: 'Pacific/Auckland',
    fiscal_year_start: 4,
    gap_policy: 'strict',
  })
  expect(await next('BILL', { business_date: '2026-11-21' })).toBe('BILL2026-0001')
})

test.each<[string, object, string, string]>([
  [
    'ambiguous',
    { template: '%s%08d', reset: 'monthly' },
    'template',
    'values begin again monthly, so numbers would repeat: add {YYYY} or {YY} and {MM}',
  ],
  [
    'fiscal without {FY} or a month',
    { template: '{YYYY}{seq}', reset: 'fiscal_yearly', fiscal_year_start: 6 },
    'template',
    'values begin again fiscal yearly, so numbers would repeat: add {FY} or {MM}',
  ],
  [
    'without a value',
    { template: '{prefix}' },
    'template',
    '{seq} is missing: write it where the value goes, as in {seq:6}',
  ],
  [
    'in no zone',
    { template: '{seq}', time_zone: 'Mars/Base' },
    'time_zone',
    'Mars/Base is no IANA time zone; write it as in Europe/Berlin or UTC',
  ],
])('rules are refused when they are saved: %s', async (_, rules, field, message) => {
  for (const answer of [await define({ prefix: 'X', ...rules }), await change('DEFAULT', rules)]) {
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed'])
    expect(answer.body.errors).toEqual([{ path: `body.${field}`, message }])
  }
  expect([await versionsIn('X'), await versionsIn('DEFAULT')]).toEqual([[], [1]])
})

test.each([
  [{ prefix: 'a b', template: '{seq}' }],
  [{ prefix: 'X'.repeat(33), template: '{seq}' }],
  [{ prefix: 'X' }],
  [{ prefix: 'X', template: '{seq}', reset: 'hourly' }],
  [{ prefix: 'X', template: '{seq}', start: 0 }],
  [{ prefix: 'X', template: '{seq}', start: 1.5 }],
  [{ prefix: 'X', template: '{seq}', start: 9_007_199_254_740_992 }],
  [{ prefix: 'X', template: '{seq}', fiscal_year_start: 13 }],
  [{ prefix: 'X', template: '{seq}', fiscal_year_start: 406 }],
  [{ prefix: 'X', template: '{seq}', fiscal_year_start: '4' }],
  [{ prefix: 'X', template: '{seq}', fiscal_year_start: null }],
  [{ prefix: 'X', template: '{seq}', gap_policy: 'none' }],
  [{ prefix: 'X', template: '{seq}\u0000' }],
  [{ prefix: 'X', template: 'x'.repeat(101) }],
  [{ prefix: 'X', template: '{seq}', version: 7 }],
  [{ prefix: 'X', template: '{seq}', active: false }],
  [{ prefix: 'X', template: '{seq}', created_by: 'eve' }],
  [{ prefix: 'X', template: '{seq}', created_at: '2026-01-01T00:00:00Z' }],
])('%j is not a sequence', async (body) => {
  expect(outcome(await define(body))).toEqual([400, 'validation_failed'])
  expect(await versionsIn('X')).toEqual([])
})

test('a change makes a version and is itself on record; what was issued stays as it is', async () => {
  expect(await next('INV', { business_date: '2026-02-03' })).toBe('INV2026-0001')
  const issued = await queryAsAdmin(database, 'SELECT * FROM ledger')
  const changed = await sequencer.api.put(
    '/api/v1/sequences/INV',
    { template: '{prefix}-{YYYY}-{seq:6}', reason: 'as the auditor asked' },
    { headers: { ...(await bearer('admin', 'grace')), 'X-Request-Id': 'request-7' } },
  )
  expect(changed.body).toMatchObject({ version: 2, created_by: 'grace', reason: 'as the auditor asked' })
  expect(changed.headers.get('etag')).toBe('"2"')

  expect(await next('INV', { business_date: '2026-02-03' })).toBe('INV-2026-000002')
  expect(await queryAsAdmin(database, 'SELECT * FROM ledger WHERE value = 1')).toEqual(issued)
  const { body } = await read('INV')
  expect(body).toMatchObject({ version: 2, template: '{prefix}-{YYYY}-{seq:6}', reset: 'yearly' })
  expect(
    body.versions.map(({ version, created_by, template }: Record<string, unknown>) => [
      version,
      created_by,
      template,
    ]),
  ).toEqual([
    [2, 'grace', '{prefix}-{YYYY}-{seq:6}'],
    [1, 'ordinal', '{prefix}{YYYY}-{seq:4}'],
  ])
  const kept = 'SELECT request_id FROM sequences WHERE prefix = $1 ORDER BY version'
  expect(await queryAsAdmin(database, kept, ['INV'])).toEqual([
    { request_id: null },
    { request_id: 'request-7' },
  ])
  const used = 'SELECT rules_version FROM batches ORDER BY batch'
  expect(await queryAsAdmin(database, used)).toEqual([{ rules_version: 1 }, { rules_version: 2 }])
})

test('a change that changes nothing makes no version', async () => {
  for (const body of [{}, { reset: 'never', reason: 'none' }, { template: '%s%06d' }])
    expect((await change('SG', body)).body).toMatchObject({ version: 1, template: '{prefix}{seq:6}' })
  expect(await versionsIn('SG')).toEqual([1])
})

test('the start value may only be raised, and counts for periods that have not begun', async () => {
  await next('INV', { business_date: '2025-01-01' })
  expect((await change('INV', { start: 1000 })).body).toMatchObject({ version: 2, start: 1000 })
  expect(await next('INV', { business_date: '2025-01-01' })).toBe('INV2025-0002')
  expect(await next('INV', { business_date: '2026-01-01' })).toBe('INV2026-1000')
  const lowered = await change('INV', { start: 999 })
  expect(outcome(lowered)).toEqual([409, 'rules_conflict'])
  expect(lowered.body.detail).toBe('start: it is 1000, and may only be raised')
  expect(await versionsIn('INV')).toEqual([1, 2])
})

test('a period in which a retry only found what it got in another has not begun', async () => {
  const retry = (body: object) =>
    sequencer.api.post('/api/v1/next/INV', body, { headers: { 'Idempotency-Key': 'k' } })
  await retry({ business_date: '2025-12-31' })
  expect(outcome(await retry({ business_date: '2024-01-01' }))).toEqual([422, 'idempotency_key_reused'])
  await change('INV', { start: 1000 })
  expect(await next('INV', { business_date: '2024-01-01' })).toBe('INV2024-1000')
})

test('a start value that could no longer have an effect is refused', async () => {
  expect((await change('GLOBAL', { start: 500 })).status).toBe(200)
  expect(await next('GLOBAL')).toBe('500')
  const late = await change('GLOBAL', { start: 900 })
  expect(outcome(late)).toEqual([409, 'rules_conflict'])
  expect(late.body.detail).toContain('have begun')
  expect(await next('GLOBAL')).toBe('501')
})

test('a change by which a number could be given again is refused, with the number', async () => {
  await define({
    prefix: 'K',
    template: '{YYYY}{MM}-{seq:4}',
    reset: 'yearly',
    business_date_past_days: null,
  })
  // Before anything was issued, nothing can repeat.
  expect((await change('K', { reset: 'monthly' })).status).toBe(200)
  expect((await change('K', { reset: 'yearly' })).status).toBe(200)
  expect(await next('K', { business_date: '2026-11-21' })).toBe('202611-0001')
  const refused = await change('K', { reset: 'monthly' })
  expect(outcome(refused)).toEqual([409, 'rules_conflict'])
  expect(refused.body.detail).toContain('the number 202611-0001 is taken')

  const apart = await change('K', { reset: 'monthly', template: '{YYYY}{MM}/{seq:4}' })
  expect(apart.body).toMatchObject({ version: 4 })
  expect(await next('K', { business_date: '2026-11-21' })).toBe('202611/0001')
  // Nor by going back to a version before the last.
  expect(outcome(await change('K', { template: '{YYYY}{MM}-{seq:4}' }))).toEqual([409, 'rules_conflict'])
  expect((await change('K', { reset: 'yearly', template: '{YYYY}{MM}-{seq:9}' })).status).toBe(200)
  expect(await next('K', { business_date: '2026-11-21' })).toBe('202611-000000002')
})

test('a reset is lengthened where the new periods start above all that was issued', async () => {
  await define({
    prefix: 'K',
    template: '{YYYY}{MM}-{seq:4}',
    reset: 'monthly',
    business_date_past_days: null,
  })
  for (const date of ['2026-10-01', '2026-11-01', '2026-11-02']) await next('K', { business_date: date })
  const refused = await change('K', { reset: 'yearly', start: 2 })
  expect(outcome(refused)).toEqual([409, 'rules_conflict'])
  expect(refused.body.detail).toContain('the number 202611-0002 is taken')
  expect((await change('K', { reset: 'yearly', start: 3 })).status).toBe(200)
  expect(await next('K', { business_date: '2026-11-21' })).toBe('202611-0003')
  expect(await next('K', { business_date: '2026-10-21' })).toBe('202610-0004')
  // And back, above the values of the years.
  expect(outcome(await change('K', { reset: 'monthly', start: 9 }))).toEqual([409, 'rules_conflict'])
  expect((await change('K', { reset: 'never', start: 5 })).status).toBe(200)
  expect(await next('K', { business_date: '2026-10-21' })).toBe('202610-0005')
  const { body } = await sequencer.api.get('/api/v1/audit/verify', { headers })
  expect(body).toMatchObject({ fits: true, findings: [] })
})

test('a sequence that once changed its form can still change its other rules', async () => {
  await define({ prefix: 'K', template: 'A{seq}' })
  await next('K')
  await change('K', { template: 'B{seq}' })
  expect(await next('K')).toBe('B2')
  expect((await change('K', { gap_policy: 'strict' })).status).toBe(200)
  // A1 is value 1 by these rules, too.
  expect((await change('K', { template: 'A{seq:1}' })).status).toBe(200)
  expect(await next('K')).toBe('A3')
})

test('a closed period repeats nothing', async () => {
  const rules = { prefix: 'K', template: '{YYYY}{MM}-{seq:4}', business_date_past_days: null }
  await define({ ...rules, reset: 'yearly' })
  expect(await next('K', { business_date: '2025-03-01' })).toBe('202503-0001')
  expect((await change('K', { reset: 'monthly', template: '{YYYY}{MM}/{seq:4}' })).status).toBe(200)
  expect(await next('K', { business_date: '2025-03-01' })).toBe('202503/0001')
  const back = { reset: 'monthly', template: rules.template }
  expect(outcome(await change('K', back))).toEqual([409, 'rules_conflict'])
  const closed = await sequencer.api.post(
    '/api/v1/sequences/K/periods/2025-03/close',
    { reason: 'done' },
    { headers },
  )
  expect(closed.status).toBeLessThan(300)
  expect((await change('K', back)).status).toBe(200)
})

const close = (prefix: string, period: string) =>
  sequencer.api.post(`/api/v1/sequences/${prefix}/periods/${period}/close`, { reason: 'done' }, { headers })

test.each([
  ['UK', '2025', 'now it is in FY2'],
  ['UK', '2024-12-30', 'now it is in FY2'],
  ['EVER', '2025', 'its values never begin again'],
  ['WEEK', '2024-W53', 'now it is in 2'],
  ['DAY', '2025-02-29', 'now it is in 2'],
])('%s has no period %s, so it cannot be closed', async (prefix, period, current) => {
  await define({ prefix: 'UK', template: '{FY}-{seq}', reset: 'fiscal_yearly', fiscal_year_start: '04-06' })
  await define({ prefix: 'EVER', template: 'EVER{seq}', reset: 'never' })
  await define({ prefix: 'WEEK', template: 'W{GGGG}{WW}-{seq}', reset: 'weekly' })
  await define({ prefix: 'DAY', template: 'D{YYYY}{MM}{DD}-{seq}', reset: 'daily' })
  const { status, body } = await close(prefix, period)
  expect([status, body.code]).toEqual([400, 'validation_failed'])
  expect(body.detail).toContain(`${prefix} has no period ${period}: ${current}`)
  expect((await sequencer.api.get('/api/v1/audit/verify', { headers })).body.findings).toEqual([])
})

test('no rules move today into a closed period; nothing is previewed in one, and it stays as it was closed', async () => {
  // Farthest ahead of all zones; in the one farthest behind it is one or two days earlier.
  const dayThere = (daysAgo: number) =>
    new Date(Date.now() + (14 - 24 * daysAgo) * 3_600_000).toISOString().slice(0, 10)
  await define({
    prefix: 'DAY',
    template: 'D{YYYY}{MM}{DD}-{seq}',
    reset: 'daily',
    time_zone: 'Pacific/Kiritimati',
  })
  const closed = [(await close('DAY', dayThere(1))).body, (await close('DAY', dayThere(2))).body]
  const behind = await change('DAY', { time_zone: 'Etc/GMT+12' })
  expect(outcome(behind)).toEqual([409, 'rules_conflict'])
  expect(behind.body.detail).toMatch(/^the current period of DAY would be .*, which is closed$/)
  expect((await change('DAY', { time_zone: 'Pacific/Kiritimati', allow_overlap: true })).status).toBe(200)
  expect(outcome(await sequencer.api.get(`/api/v1/preview/DAY?business_date=${closed[0].period}`))).toEqual([
    409,
    'period_closed',
  ])
  expect((await close('DAY', closed[1].period)).body).toEqual(closed[1])
  expect((await sequencer.api.get('/api/v1/audit/verify', { headers })).body.findings).toEqual([])
})

test('a fiscal year begins on its day, and is given and answered as rules are written', async () => {
  const rules = { prefix: 'UK', template: '{FYF}/{FY2}-{seq:4}', reset: 'fiscal_yearly' }
  const { status, body } = await define({
    ...rules,
    fiscal_year_start: '04-06',
    business_date_past_days: null,
  })
  expect([status, body.fiscal_year_start]).toEqual([201, '04-06'])
  expect(await next('UK', { business_date: '2026-04-05' })).toBe('2025/26-0001')
  expect(await next('UK', { business_date: '2026-04-06' })).toBe('2026/27-0001')
  const preview = await sequencer.api.get('/api/v1/preview/UK?business_date=2026-04-06')
  expect(preview.body).toMatchObject({ full_number: '2026/27-0002', period: 'FY2027' })
  const { body: status2026 } = await sequencer.api.get('/api/v1/status/UK?business_date=2026-04-05')
  expect(status2026).toMatchObject({ period: 'FY2026', current_counter: 1 })
  // As before, and in one spelling: the first of a month is the month.
  const month = await change('UK', { fiscal_year_start: '04-01' })
  expect([month.status, month.body.fiscal_year_start, month.body.version]).toEqual([200, 4, 2])
  expect((await change('UK', { fiscal_year_start: 4 })).body.version).toBe(2)
})

test.each([
  ['02-29', 'only leap years have the 29th of February: write 02-28 or 03-01'],
  ['04-31', 'is no day of the year: write month and day, as in 04-06 for 6 April'],
  [13, 'must be a month, 1 to 12, or a day, as in "04-06" for 6 April'],
  [true, 'must be a month, 1 to 12, or a day, as in "04-06" for 6 April'],
])('fiscal years do not begin on %j, and the answer says why', async (fiscal_year_start, message) => {
  const { status, body } = await define({ prefix: 'UK', template: '{FY}-{seq}', fiscal_year_start })
  expect([status, body.errors]).toEqual([400, [{ path: 'body.fiscal_year_start', message }]])
})

test('values begin again each week, in the year of the week, and a week that is over can be closed', async () => {
  const rules = { prefix: 'W', template: '{GGGG}-W{WW}-{seq:3}', reset: 'weekly' }
  expect((await define({ ...rules, business_date_past_days: null })).status).toBe(201)
  const dates = ['2020-12-27', '2020-12-31', '2021-01-03', '2021-01-04', '2024-12-30', '2025-01-05']
  const numbers: unknown[] = []
  for (const business_date of dates) numbers.push(await next('W', { business_date }))
  expect(numbers).toEqual([
    '2020-W52-001',
    '2020-W53-001',
    '2020-W53-002',
    '2021-W01-001',
    '2025-W01-001',
    '2025-W01-002',
  ])
  const close = (period: string) =>
    sequencer.api.post(`/api/v1/sequences/W/periods/${period}/close`, { reason: 'done' }, { headers })
  expect((await close('2020-W53')).status).toBe(200)
  expect(outcome(await close('9999-W01'))).toEqual([409, 'period_not_over'])
  expect(outcome(await close('2020-W54'))).toEqual([409, 'period_not_over'])
  const refused = await sequencer.api.post('/api/v1/next/W', { business_date: '2021-01-01' })
  expect(outcome(refused)).toEqual([409, 'period_closed'])
})

test('the fiscal year follows from year and month, also where its first month is changed', async () => {
  const rules = { prefix: 'K', template: '{YYYY}-{MM}-{seq:5}', reset: 'fiscal_yearly', fiscal_year_start: 7 }
  expect((await define({ ...rules, business_date_past_days: null })).status).toBe(201)
  expect(await next('K', { business_date: '2026-06-30' })).toBe('2026-06-00001')
  expect(await next('K', { business_date: '2026-07-01' })).toBe('2026-07-00001')
  // From June on, 2026-06-00001 would be of the fiscal year 2027, which goes on or begins at 1.
  const refused = await change('K', { fiscal_year_start: 6 })
  expect(outcome(refused)).toEqual([409, 'rules_conflict'])
  expect(refused.body.detail).toContain('2026-0')
  expect(await next('K', { business_date: '2026-06-30' })).toBe('2026-06-00002')
})

test('numbers that are issued while a change looks through them are looked at, too', async () => {
  await define({
    prefix: 'K',
    template: '{YYYY}{MM}-{seq:4}',
    reset: 'yearly',
    business_date_past_days: null,
  })
  await next('K', { business_date: '2025-01-01' })
  const blocker = new Client(database.url)
  await blocker.connect()
  await blocker.query('BEGIN')
  await blocker.query(`SELECT FROM counters WHERE prefix = 'K' AND period = '2025' FOR UPDATE`)
  // The change has looked, finds nothing that fits, and waits for the counter; meanwhile a number comes that does.
  const refused = change('K', { template: '{YYYY}{MM}-9{seq:4}' })
  await until(async () => (await blocker.query(heldUp)).rowCount === 1)
  const { rows } = await blocker.query<{ batch: string }>(`SELECT batch FROM counters WHERE prefix = 'K'`)
  await blocker.query(
    `INSERT INTO ledger (prefix, period, value, revision, event, state, number, batch, position, caller, idempotency_key, item, at)
     VALUES ('K', '2025', 99, 1, 'issue', 'issued', '202501-99999', $1, 1, 'x', 'x', 0, now())`,
    [Number(rows[0]!.batch) + 1],
  )
  await blocker.query('COMMIT')
  await blocker.end()
  const answer = await refused
  expect(outcome(answer)).toEqual([409, 'rules_conflict'])
  expect(answer.body.detail).toContain('202501-99999')
})

test('a period that begins while a change looks at the numbers counts from where it begins', async () => {
  const slashes = { template: '{YYYY}/{seq}', reset: 'never' }
  await define({ prefix: 'K', ...slashes, business_date_past_days: null })
  await sequencer.api.post('/api/v1/next/K', { business_date: '2025-01-01', count: 5 })
  await change('K', { template: '{YYYY}-{seq}', reset: 'yearly' })
  const blocker = new Client(database.url)
  await blocker.connect()
  await blocker.query('BEGIN')
  await blocker.query('LOCK TABLE sequences IN SHARE ROW EXCLUSIVE MODE')
  // With this start the years repeat nothing, as long as none has begun.
  const changed = change('K', { template: slashes.template, start: 6 })
  const waiting = `SELECT FROM pg_locks WHERE relation = 'sequences'::regclass AND NOT granted`
  await until(async () => (await blocker.query(waiting)).rowCount! > 0)
  expect(await next('K', { business_date: '2025-01-01' })).toBe('2025-1')
  await blocker.query('COMMIT')
  await blocker.end()
  const answer = await changed
  expect(outcome(answer)).toEqual([409, 'rules_conflict'])
  expect(answer.body.detail).toMatch(/the number 2025.[1-5] is taken/)
})

test('a period does not begin by the old rules while a change commits that looked at the others', async () => {
  await define({
    prefix: 'K',
    template: '{YYYY}{MM}-{seq:4}',
    reset: 'yearly',
    business_date_past_days: null,
  })
  const changing = new Client(database.url)
  await changing.connect()
  await changing.query('BEGIN')
  await changing.query(
    `SELECT add_rules('K', 2, '{YYYY}{MM}-{seq:4}', 'monthly', 'UTC', 1, 1, 'recycle', 3600, NULL, false, NULL, 31, true, 'x', NULL, NULL,
                      (SELECT count(*) FROM sequences))`,
  )
  const first = sequencer.api.post('/api/v1/next/K', { business_date: '2026-02-05' })
  await until(async () => (await changing.query(heldUp)).rowCount === 1)
  await changing.query('COMMIT')
  await changing.end()
  expect((await first).body).toMatchObject({ full_number: '202602-0001', period: '2026-02' })
  expect(await next('K', { business_date: '2026-02-05' })).toBe('202602-0002')
})

test('of ten changes at once one wins, and the others get a conflict', async () => {
  for (const round of upTo(5)) {
    const answers = await Promise.all(
      upTo(10).map((n) => change('SG', { template: `{prefix}${'-'.repeat(round)}${n}-{seq:6}` })),
    )
    const statuses = answers.map(outcome).map(([status, code]) => code ?? status)
    const won = statuses.filter((it) => it === 200).length
    // One that came later has read what the first made.
    expect(won).toBeGreaterThanOrEqual(1)
    expect(statuses.filter((it) => it !== 200)).toEqual(Array(10 - won).fill('rules_changed'))
  }
  const versions = await versionsIn('SG')
  expect(versions).toEqual(upTo(versions.length))
  expect(versions.length).toBeLessThan(51)
})

test('of two changes of one version one is 409, whichever reads first', async () => {
  // Both have read version 1 when the first of them commits.
  const blocker = new Client(database.url)
  await blocker.connect()
  await next('SG')
  await blocker.query('BEGIN')
  await blocker.query(`SELECT FROM counters WHERE prefix = 'SG' FOR UPDATE`)
  const both = [change('SG', { template: '{prefix}.{seq}' }), change('SG', { template: '{prefix}_{seq}' })]
  const waiting = 'SELECT DISTINCT pid FROM pg_locks WHERE NOT granted'
  await until(async () => (await blocker.query(waiting)).rowCount === 2)
  await blocker.query('COMMIT')
  await blocker.end()
  const answers = await Promise.all(both)
  expect(answers.map(outcome).sort()).toEqual([
    [200, undefined],
    [409, 'rules_changed'],
  ])
  expect(await versionsIn('SG')).toEqual([1, 2])
})

test('of two that define one sequence at once, one is 409', async () => {
  const answers = await Promise.all(upTo(8).map(() => define({ prefix: 'NEW', template: '{prefix}{seq}' })))
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]))
  expect(await versionsIn('NEW')).toEqual([1])
  expect(outcome(await define({ prefix: 'NEW', template: '{seq}' }))).toEqual([409, 'sequence_exists'])
})

test('with If-Match only the version that was read is changed or deleted', async () => {
  expect(outcome(await change('SG', { start: 5 }, { 'If-Match': '"7"' }))).toEqual([412, 'version_mismatch'])
  expect((await change('SG', { start: 5 }, { 'If-Match': '"1"' })).status).toBe(200)
  const stale = await sequencer.api.delete('/api/v1/sequences/SG', {
    headers: { ...headers, 'If-Match': '"1"' },
  })
  expect(outcome(stale)).toEqual([412, 'version_mismatch'])
})

test('a deleted sequence issues nothing, keeps its record, and goes on when it is defined again', async () => {
  const other = await startSequencer(database, env)
  await other.api.post('/api/v1/next/SG')
  expect((await retire('SG', '?reason=not%20used')).status).toBe(204)
  // Both instances know the sequence by its old rules.
  expect(await next('SG')).toBe('sequence_not_found')
  expect((await other.api.post('/api/v1/next/SG')).body.code).toBe('sequence_not_found')
  expect((await read('SG')).body).toMatchObject({
    version: 2,
    active: false,
    created_by: 'ada',
    reason: 'not used',
  })
  expect(outcome(await retire('SG'))).toEqual([404, 'sequence_not_found'])
  expect(outcome(await change('SG', { start: 9 }))).toEqual([404, 'sequence_not_found'])
  expect(await valuesIn(database, 'SG')).toEqual([1])

  expect((await define({ prefix: 'SG', template: '{prefix}{seq:6}' })).body).toMatchObject({
    version: 3,
    active: true,
  })
  expect((await other.api.post('/api/v1/next/SG')).body.full_number).toBe('SG000002')
  await other.stop()
})

test('the list has each sequence once, with the rules in force, in pages', async () => {
  await change('SG', { template: '{prefix}-{seq}' })
  await retire('PO')
  const list = (query = '') => sequencer.api.get(`/api/v1/sequences${query}`, { headers })
  const { body } = await list()
  expect(
    body.data.map(({ prefix, version, active }: Record<string, unknown>) => [prefix, version, active]),
  ).toEqual([
    ['DEFAULT', 1, true],
    ['DEMO', 1, true],
    ['GLOBAL', 1, true],
    ['INV', 1, true],
    ['ORD', 1, true],
    ['PO', 2, false],
    ['SG', 2, true],
  ])
  expect((await list('?active=false')).body.data).toHaveLength(1)
  const page = await list('?active=true&page=2&page_size=4')
  expect(page.body.data.map(({ prefix }: { prefix: string }) => prefix)).toEqual(['ORD', 'SG'])
  expect(page.body.pagination).toEqual({ page: 2, page_size: 4, total: 6, total_pages: 2 })
  expect(outcome(await read('NONE'))).toEqual([404, 'sequence_not_found'])
})

const calls: [string, string, object | undefined][] = [
  ['GET', '/api/v1/sequences', undefined],
  ['GET', '/api/v1/sequences/SG', undefined],
  ['POST', '/api/v1/sequences', { prefix: 'NEW', template: '{prefix}{seq}' }],
  ['PUT', '/api/v1/sequences/SG', { template: '{prefix}/{seq}' }],
  ['DELETE', '/api/v1/sequences/INV', undefined],
]
test.each(calls)('%s %s needs a role: viewers read, administrators write', async (method, path, body) => {
  const ask = async (headers: Record<string, string>) =>
    outcome(await sequencer.api.request({ method, path, body, headers }))
  expect(await ask({})).toEqual([401, 'authentication_required'])
  expect(await ask({ Authorization: 'Bearer a.b.c' })).toEqual([401, 'invalid_token'])
  expect(await ask({ 'X-API-Key': 'wrong' })).toEqual([401, 'invalid_api_key'])
  const machine = await ask({ 'X-API-Key': machineKey })
  for (const refused of [machine, await ask(await bearer('viewer')), await ask(await bearer('operator'))])
    expect(refused[0]).toBe(method === 'GET' ? 200 : 403)
  expect((await ask(headers))[0]).toBeLessThan(300)
})

test('without a secret the administration is closed, and says which variable opens it; numbers are issued', async () => {
  const closed = await startSequencer(database)
  for (const [method, path, body] of calls) {
    const answer = await closed.api.request({ method, path, body, headers })
    expect(outcome(answer)).toEqual([401, 'authentication_required'])
    expect(answer.body.detail).toContain('set JWT_SECRET or JWKS_URL')
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="ordinal"')
  }
  expect((await closed.api.post('/api/v1/next/SG', {}, { headers })).status).toBe(200)
  await closed.stop()
})

test('a caller with a token issues under its own name; its token is in no log', async () => {
  const withKey = { ...(await bearer('viewer', 'grace')), 'Idempotency-Key': 'one' }
  const mine = await sequencer.api.post('/api/v1/next/SG', {}, { headers: withKey })
  const others = await sequencer.api.post('/api/v1/next/SG', {}, { headers: { 'Idempotency-Key': 'one' } })
  expect([mine.body.counter, others.body.counter]).toEqual([1, 2])
  expect(await queryAsAdmin(database, 'SELECT caller FROM ledger ORDER BY value')).toEqual([
    { caller: 'grace' },
    { caller: 'anonymous' },
  ])
  await sequencer.stop()
  const log = sequencer.lines.join('')
  expect(log).toContain('"caller":"grace"')
  for (const hidden of [withKey.Authorization.slice(7), secret]) expect(log).not.toContain(hidden)
})

test('16 clients go on while the rules change under them: no number twice, and each as one version has it', async () => {
  const got: string[] = []
  let changing = true
  const client = async () => {
    while (changing) got.push(await next('SG'))
  }
  const clients = upTo(16).map(client)
  try {
    await until(() => got.length > 0)
    for (const round of upTo(10)) {
      expect((await change('SG', { template: `{prefix}v${round}-{seq:6}` })).status).toBe(200)
      await until(() => got.some((number) => number.startsWith(`SGv${round}-`)))
    }
  } finally {
    changing = false
    await Promise.all(clients)
  }
  const values = got.map((number) => Number(/\d+$/.exec(number)![0])).sort((a, b) => a - b)
  expect(values).toEqual(upTo(got.length))
  expect(new Set(got.map((number) => number.slice(0, -6))).size).toBe(11)
  // Every value has the form of the version that its batch names.
  const rows = await queryAsAdmin<{ fits: boolean }>(
    database,
    `SELECT bool_and(l.number = CASE b.rules_version WHEN 1 THEN 'SG' ELSE 'SGv' || b.rules_version - 1 || '-' END
                                || lpad(l.value::text, 6, '0')) AS fits
     FROM ledger l JOIN batches b USING (prefix, period, batch)`,
  )
  expect(rows).toEqual([{ fits: true }])
})

describe('the database itself', () => {
  const insert = (version: number, start = 1) =>
    `INSERT INTO sequences (prefix, version, template, reset, start, created_by)
     VALUES ('SG', ${version}, '{seq}', 'never', ${start}, 'x')`

  const as = async (url: string, sql: string) => {
    const client = new Client(url)
    await client.connect()
    return client.query(sql).finally(() => client.end())
  }

  test.each([1, 3, 0, -1])('refuses version %i after version 1, to the owner as well', async (version) => {
    await expect(as(database.url, insert(version))).rejects.toMatchObject({ code: 'OR003' })
  })

  test('refuses a lower start value', async () => {
    await as(database.url, insert(2, 7))
    await expect(as(database.url, insert(3, 6))).rejects.toMatchObject({ code: 'OR004' })
  })

  test("lets the service's role add a next version by its function, and write nothing itself", async () => {
    const call = (version: number) =>
      `SELECT add_rules('SG', ${version}, 'S-{seq}', 'never', 'UTC', 1, 1, 'strict', 3600, NULL, false, 366, 31, true, 'x', NULL, NULL,
              (SELECT count(*) FROM sequences))`
    await expect(as(database.runtimeUrl, insert(2))).rejects.toMatchObject({ code: '42501' })
    await expect(as(database.runtimeUrl, call(3))).rejects.toMatchObject({ code: 'OR003' })
    await as(database.runtimeUrl, call(2))
    await expect(as(database.runtimeUrl, call(2))).rejects.toMatchObject({ code: 'OR003' })
    for (const sql of [`UPDATE sequences SET start = 9`, 'DELETE FROM sequences', 'TRUNCATE sequences'])
      await expect(as(database.runtimeUrl, sql)).rejects.toMatchObject({ code: '42501' })
  })

  test('keeps the function from every other role', async () => {
    const rows = await queryAsAdmin<{ grantee: string }>(
      database,
      `SELECT grantee FROM information_schema.routine_privileges WHERE routine_name = 'add_rules' AND grantee = 'PUBLIC'`,
    )
    expect(rows).toEqual([])
  })
})

test('in production the sequencer has to be told who may call it, as the other services have', () => {
  const start = (more: Record<string, string>) => () =>
    parseConfig(sequencerConfig, { NODE_ENV: 'production', SEQUENCER_DB_PASSWORD: 'one of our own', ...more })
  expect(start({})).toThrow(/no authentication is configured: set JWT_SECRET, JWKS_URL or API_KEYS/)
  const ways: Record<string, string>[] = [{ JWT_SECRET: secret }, { API_KEYS: env.API_KEYS }]
  for (const way of ways) {
    expect(start(way)).toThrow(/REQUIRE_AUTHENTICATION is not set/)
    for (const told of ['REQUIRE_AUTHENTICATION', 'SEQUENCER_REQUIRE_AUTHENTICATION'])
      for (const value of ['true', 'false']) expect(start({ ...way, [told]: value })).not.toThrow()
  }
  expect(start({ ALLOW_NO_AUTHENTICATION: 'true' })).not.toThrow()
})
