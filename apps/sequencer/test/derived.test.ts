import fc from 'fast-check'
import { Client } from 'pg'
import type { TestDatabase } from '@ordinal/testing'
import { RulesError, soundRules } from '../src/core/rules'
import { createSequence } from '../src/core/sequence'
import { createInstance } from './instance'
import { anyReset, dates, plainRules, templates } from './rule-sets'
import { createLedgerDatabase, queryAsAdmin, startSequencer } from './sequencer'
import { bearer, secret } from './tokens'

let database: TestDatabase & { runtimeUrl: string }
let role: Client

beforeAll(async () => {
  database = await createLedgerDatabase()
  role = new Client(database.runtimeUrl)
  await role.connect()
})
afterAll(async () => {
  await role.end()
  await database.drop()
})

const fails = (work: Promise<unknown>) =>
  work.then(
    () => false,
    () => true,
  )

test('the database derives the period and the frame of a date as the service does', async () => {
  const admin = new Client(database.adminUrl)
  await admin.connect()
  const fiscalYearStarts = fc.integer({ min: 1, max: 12 })
  await fc.assert(
    fc.asyncProperty(templates, anyReset, fiscalYearStarts, dates, async (template, reset, start, date) => {
      const rules = { ...plainRules, template, reset, fiscalYearStart: start }
      const expected = (() => {
        try {
          const { period, frame } = createSequence(rules).slotOfDate(date)
          return { period, ...frame }
        } catch {
          return undefined
        }
      })()
      // What is no rule is refused when it is added; what is no date, or cannot be shown, when it is used.
      const sound = (() => {
        try {
          return Boolean(soundRules('INV', { ...rules }))
        } catch (error) {
          if (error instanceof RulesError) return false
          throw error
        }
      })()
      await admin.query('BEGIN')
      const refused = await fails(
        admin.query(
          `INSERT INTO sequences (prefix, version, template, reset, fiscal_year_start, created_by)
           VALUES ('INV', 2, $1, $2, $3, 'test')`,
          [template, reset, start],
        ),
      )
      await admin.query('ROLLBACK')
      expect(refused).toBe(!sound)
      if (!sound) return
      const found = await admin
        .query(
          `SELECT o.period, o.number_head AS head, o.number_width AS width, o.number_tail AS tail
           FROM slot_of(jsonb_populate_record((SELECT s FROM sequences s WHERE prefix = 'INV' AND version = 1),
                        jsonb_build_object('template', $1::text, 'reset', $2::text, 'fiscal_year_start', $3::int)), $4::date) o`,
          [template, reset, start, date],
        )
        .then(
          ({ rows }) => rows[0] as object,
          () => undefined,
        )
      expect(found).toEqual(expected)
    }),
    { numRuns: 300 },
  )
  await admin.end()
})

/** Texts, dates and numbers as nobody who means well gives them. */
const hostileText = fc.oneof(
  fc.constantFrom('', 'NaN', 'x\u001fCy', '\u001f', '{}', 'null', "'; --", 'a b', 'ü€😀', null),
  fc.string({ maxLength: 20 }).map((text) => text.replaceAll('\0', '')),
)
const hostileDate = fc.constantFrom(
  null,
  null,
  null,
  '2026-11-28',
  '1900-01-01',
  'infinity',
  '0044-03-15 BC',
  '9999-12-31',
  '2025-12-31',
)
const request = fc.record({
  event: fc.constantFrom(
    'issue',
    'issue',
    'issue',
    'reserve',
    'suppress',
    'import',
    'skip',
    'confirm',
    'void',
    null,
  ),
  caller: fc.oneof(fc.constant('mallory'), hostileText),
  key: fc.oneof(fc.uuid(), fc.uuid(), fc.constantFrom('same', 'same2'), hostileText),
  count: fc.constantFrom(1, 1, 1, 2, 5, 0, -1, 2_147_483_647, null),
  value: fc.constantFrom(null, 1, -5),
  number: hostileText,
  hold_seconds: fc.constantFrom(null, null, null, 60, 0, -1, 2_147_483_647),
  client_id: hostileText,
  generated_by: hostileText,
  site_id: fc.oneof(fc.constant(null), hostileText),
  partition_id: fc.oneof(fc.constant(null), hostileText),
  invoice_type: fc.oneof(fc.constant(null), hostileText),
  business_date: hostileDate,
  reason: hostileText,
  request_id: hostileText,
})
const settings = fc.constantFrom(
  "SET timezone = 'Pacific/Kiritimati'",
  "SET datestyle = 'SQL, DMY'",
  'SET search_path = pg_temp, public',
  'SET bytea_output = escape',
  'SET extra_float_digits = -15',
  'SET enable_indexscan = off',
  'RESET ALL',
)
const issueCall = fc.record({
  kind: fc.constant('issue' as const),
  prefix: fc.constantFrom('DEFAULT', 'ORD', 'PO', 'NONE', null),
  version: fc.constantFrom(1, 1, 1, 1, 2, 0, null),
  date: hostileDate,
  requests: fc.array(request, { maxLength: 4 }),
  lookUp: fc.constantFrom(true, false, null),
  expected: fc.constantFrom(null, null, null, 1, 5, -1),
})
const closeCall = fc.record({
  kind: fc.constant('close' as const),
  prefix: fc.constantFrom('DEFAULT', 'ORD', 'PO', 'NONE', null),
  period: fc.constantFrom(
    '',
    '2026',
    '2026-11',
    '2027',
    '2025',
    'FY2026',
    '2026-Q4',
    '2026-02-31',
    'HACK',
    null,
  ),
})
const calls = fc.oneof(
  { weight: 10, arbitrary: issueCall },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('set' as const), sql: settings }) },
  { weight: 1, arbitrary: closeCall },
)

test('a date outside the window is refused with its bounds, and one inside is not', async () => {
  const instance = createInstance(database.runtimeUrl)
  const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10)
  for (const offset of [-365, 0, 30])
    expect((await instance.issue({ prefix: 'ORD', businessDate: day(offset) })).numbers).toHaveLength(1)
  for (const offset of [-370, 35, -367, 32])
    await expect(instance.issue({ prefix: 'ORD', businessDate: day(offset) })).rejects.toMatchObject({
      code: 'business_date_out_of_window',
      message: expect.stringContaining(day(-366)) as string,
    })
  await instance.close()
})

test('nothing more is issued in a closed period, and a retry gets what it got', async () => {
  const instance = createInstance(database.runtimeUrl)
  const date = `${new Date().getUTCFullYear() - 1}-12-31`
  const once = { prefix: 'ORD', businessDate: date, idempotencyKey: 'before' }
  const before = await instance.issue(once)
  const year = date.slice(0, 4)
  const close = (period: string) =>
    role.query(`SELECT public.close_period('ORD', $1, 'olga', 'the books are closed', 'r-1')`, [period])
  await expect(close(String(new Date().getUTCFullYear()))).rejects.toMatchObject({ code: 'OR024' })
  await close(year)
  await expect(instance.issue({ prefix: 'ORD', businessDate: date })).rejects.toMatchObject({
    code: 'period_closed',
  })
  expect(await instance.issue(once)).toEqual({ ...before, replayed: true })
  expect((await instance.issue({ prefix: 'ORD' })).numbers).toHaveLength(1)
  await instance.close()
})

test('an operator closes a period that is over, once, and status says so', async () => {
  const sequencer = await startSequencer(database, { JWT_SECRET: secret })
  const headers = await bearer('operator')
  const lastYear = new Date().getUTCFullYear() - 1
  const close = (period: number, reason = 'the books are closed') =>
    sequencer.api.post(`/api/v1/sequences/INV/periods/${period}/close`, { reason }, { headers })
  const { body } = await close(lastYear)
  expect(body).toMatchObject({ prefix: 'INV', period: String(lastYear), reason: 'the books are closed' })
  expect((await close(lastYear, 'again')).body).toEqual(body)
  expect(await close(lastYear + 1)).toMatchObject({ status: 409, body: { code: 'period_not_over' } })
  const date = `${lastYear}-12-31`
  const refused = await sequencer.api.post('/api/v1/next/INV', { business_date: date })
  expect(refused).toMatchObject({ status: 409, body: { code: 'period_closed' } })
  const { body: status } = await sequencer.api.get(`/api/v1/status/INV?business_date=${date}`)
  expect(status).toMatchObject({ period: String(lastYear), closed: true })
  expect((await sequencer.api.get('/api/v1/status/INV')).body).not.toHaveProperty('closed')
  await sequencer.stop()
})

// The last: it may close periods of any sequence.
test('whatever the role of the service calls, the ledger verifies, is dense, and is of use to the service', async () => {
  let issued = 0
  await fc.assert(
    fc.asyncProperty(fc.array(calls, { minLength: 1, maxLength: 8 }), async (all) => {
      for (const call of all) {
        if (call.kind === 'set') await role.query(call.sql)
        else if (call.kind === 'close')
          await fails(
            role.query(`SELECT public.close_period($1, $2, 'm', 'r', 'q')`, [call.prefix, call.period]),
          )
        else {
          const done = role.query(
            `SELECT * FROM public.issue_numbers($1, $2, $3, (
                 SELECT array_agg(r) FROM jsonb_populate_recordset(NULL::public.ledger_request, $4) r), $5, $6)`,
            [call.prefix, call.version, call.date, JSON.stringify(call.requests), call.lookUp, call.expected],
          )
          if (!(await fails(done))) issued += 1
        }
      }
    }),
    { numRuns: Number(process.env.HOSTILE_RUNS ?? 400) },
  )
  expect(issued).toBeGreaterThan(20)
  const rows = await queryAsAdmin<{ dense: boolean }>(
    database,
    `SELECT c.prefix, c.first_value = s.start AND c.last_value - c.first_value + 1 = (
         SELECT count(DISTINCT value) FROM ledger l WHERE l.prefix = c.prefix AND l.period = c.period) AS dense
       FROM counters c JOIN sequences s ON s.prefix = c.prefix AND s.version = 1`,
  )
  expect(rows.every(({ dense }) => dense)).toBe(true)

  const instance = createInstance(database.runtimeUrl)
  for (const prefix of ['DEFAULT', 'ORD', 'PO'])
    expect((await instance.issue({ prefix })).numbers).toHaveLength(1)
  await instance.close()
  const sequencer = await startSequencer(database, { JWT_SECRET: secret })
  const { body } = await sequencer.api.get('/api/v1/audit/verify', { headers: await bearer('admin') })
  expect(body).toMatchObject({ fits: true, findings: [] })
  await sequencer.stop()
}, 120_000)

test('the service cannot begin a period that the rules do not have, nor from another value', async () => {
  expect(
    await fails(
      role.query(
        `SELECT public.issue_numbers('DEFAULT', 'HACK', 1, 5, '', 1, '', NULL, NULL, '{}', '', '', false, NULL, true)`,
      ),
    ),
  ).toBe(true)
  const periods = await queryAsAdmin<{ period: string }>(
    database,
    `SELECT period FROM counters WHERE prefix = 'DEFAULT'`,
  )
  expect(periods.filter(({ period }) => period !== '')).toEqual([])
})
