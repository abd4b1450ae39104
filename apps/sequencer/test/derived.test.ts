import fc from 'fast-check'
import { Client } from 'pg'
import { formatNumber } from '@ordinal/audit'
import type { TestDatabase } from '@ordinal/testing'
import { dayOf } from '../src/domain/calendar'
import { periodOf, resets } from '../src/domain/period'
import { RulesError, validateRules, type Rules } from '../src/domain/rules'
import { createSequence } from '../src/domain/sequence'
import { createInstance } from './instance'
import {
  anyFiscalYearStart,
  anyReset,
  dates,
  fiscalYearStarts,
  plainRules,
  templateOf,
  templates,
  tokenSets,
} from './rule-sets'
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

function isSound(rules: Rules): boolean {
  try {
    return Boolean(validateRules('INV', rules))
  } catch (error) {
    if (error instanceof RulesError) return false
    throw error
  }
}

const fails = (work: Promise<unknown>) =>
  work.then(
    () => false,
    () => true,
  )

test('the database derives the period and the frame of a date as the service does', async () => {
  const admin = new Client(database.adminUrl)
  await admin.connect()
  await fc.assert(
    fc.asyncProperty(templates, anyReset, anyFiscalYearStart, dates, async (template, reset, start, date) => {
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
      const sound = isSound(rules)
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

const momentsOfRules = fc.record({
  reset: anyReset,
  start: anyFiscalYearStart,
  zone: fc.constantFrom(
    'UTC',
    'Europe/London',
    'Asia/Kolkata',
    'Pacific/Apia',
    'America/New_York',
    'Australia/Lord_Howe',
  ),
  at: fc.oneof(
    fc
      .date({ min: new Date('1990-01-01'), max: new Date('2090-01-01'), noInvalidDate: true })
      .map((date) => date.getTime()),
    fc
      .tuple(dates, fc.integer({ min: -26, max: 26 }), fc.integer({ min: -1, max: 0 }))
      .map(([date, hours, ms]) => Date.parse(date) + hours * 3_600_000 + ms)
      .filter((at) => at > Date.parse('1970-01-02') && at < Date.parse('2099-12-30')),
  ),
})

test('a moment is in the same period for the database as for the service, in any zone and fiscal year', async () => {
  const admin = new Client(database.adminUrl)
  await admin.connect()
  await fc.assert(
    fc.asyncProperty(fc.array(momentsOfRules, { minLength: 100, maxLength: 200 }), async (moments) => {
      const { rows } = await admin.query<{ period: string }>(
        `SELECT period_of(m.reset, m.start, day_in(m.zone, to_timestamp(m.at / 1000.0))) AS period
         FROM ROWS FROM (jsonb_to_recordset($1) AS (reset text, start integer, zone text, at numeric))
              WITH ORDINALITY AS m(reset, start, zone, at, n) ORDER BY m.n`,
        [JSON.stringify(moments)],
      )
      const expected = moments.map(({ reset, start, zone, at }) =>
        periodOf(reset, dayOf(at, zone).date, start),
      )
      expect(rows.map(({ period }) => period)).toEqual(expected)
    }),
    { numRuns: 30 },
  )
  await admin.end()
})

test.each([
  ['weekly', 1, '2020-12-31', '2020-W53'],
  ['weekly', 1, '2021-01-03', '2020-W53'],
  ['weekly', 1, '2024-12-30', '2025-W01'],
  ['fiscal_yearly', 406, '2026-04-05', 'FY2026'],
  ['fiscal_yearly', 406, '2026-04-06', 'FY2027'],
] as const)('for the database, %s from %i, %s is in %s', async (reset, start, date, period) => {
  const { rows } = await role.query('SELECT period_of($1, $2, $3) AS period', [reset, start, date])
  expect(rows).toEqual([{ period }])
})

test('the database takes the same beginnings of fiscal years as the service', async () => {
  const admin = new Client(database.adminUrl)
  await admin.connect()
  await admin.query(`
    CREATE FUNCTION pg_temp.is_taken(p_start integer) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO public.sequences (prefix, version, template, reset, fiscal_year_start, created_by)
      VALUES ('INV', 2, '{seq}', 'never', p_start, 'test');
      RAISE EXCEPTION USING ERRCODE = 'ZZ001';
    EXCEPTION WHEN SQLSTATE 'ZZ001' THEN RETURN true; WHEN check_violation THEN RETURN false;
    END $$`)
  const { rows } = await admin.query<{ start: number }>(
    'SELECT start FROM generate_series(-1, 1300) start WHERE pg_temp.is_taken(start) ORDER BY start',
  )
  await admin.end()
  expect(rows.map(({ start }) => start)).toEqual(fiscalYearStarts.toSorted((a, b) => a - b))
})

test.each(
  [6, 406].flatMap((start) => resets.filter((reset) => reset !== 'never').map((reset) => ({ start, reset }))),
)(
  'the database accepts the same sets of tokens as the service: $reset, with fiscal years from $start',
  async ({ start, reset }) => {
    const sets = tokenSets(start).map((tokens) => ({
      template: templateOf(tokens),
      reset,
      fiscal_year_start: start,
    }))
    const admin = new Client(database.adminUrl)
    await admin.connect()
    await admin.query(`
    CREATE FUNCTION pg_temp.is_refused(p_template text, p_reset text, p_start integer) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO public.sequences (prefix, version, template, reset, fiscal_year_start, created_by)
      VALUES ('INV', 2, p_template, p_reset, p_start, 'test');
      RAISE EXCEPTION USING ERRCODE = 'ZZ001';
    EXCEPTION WHEN SQLSTATE 'ZZ001' THEN RETURN false; WHEN SQLSTATE 'OR021' THEN RETURN true;
    END $$`)
    const { rows } = await admin.query<{ refused: boolean[] }>(
      `SELECT array_agg(pg_temp.is_refused(s.template, s.reset, s.fiscal_year_start) ORDER BY s.n) AS refused
     FROM ROWS FROM (jsonb_to_recordset($1) AS (template text, reset text, fiscal_year_start integer))
          WITH ORDINALITY AS s(template, reset, fiscal_year_start, n)`,
      [JSON.stringify(sets)],
    )
    await admin.end()
    const differing = sets.filter(({ template }, nth) => {
      const accepted = isSound({ ...plainRules, template, reset, fiscalYearStart: start })
      return accepted === rows[0]!.refused[nth]
    })
    expect(differing).toEqual([])
  },
)

test('the database reads the period of a number as the service does', async () => {
  const admin = new Client(database.adminUrl)
  await admin.connect()
  const changes = fc.constantFrom('', '0', '1', '3', '9')
  await fc.assert(
    fc.asyncProperty(
      templates,
      anyReset,
      anyFiscalYearStart,
      dates,
      changes,
      fc.nat(),
      async (template, reset, fiscalYearStart, date, digit, place) => {
        const rules = { ...plainRules, template, reset, fiscalYearStart }
        fc.pre(isSound(rules))
        const sequence = createSequence(rules)
        const frame = (() => {
          try {
            return sequence.slotOfDate(date).frame
          } catch {
            return undefined
          }
        })()
        fc.pre(frame !== undefined)
        // One digit of the date may be another, so that there may be no such date.
        const places = [...frame.head].flatMap((char, at) => (/[0-9]/.test(char) ? [at] : []))
        const at = digit === '' ? undefined : places[place % places.length]
        const head =
          at === undefined ? frame.head : frame.head.slice(0, at) + digit + frame.head.slice(at + 1)
        const { rows } = await admin.query<{ period: string | null }>(
          `SELECT period_written(jsonb_populate_record(NULL::sequences, jsonb_build_object('prefix', 'INV',
             'template', $1::text, 'reset', $2::text, 'fiscal_year_start', $3::int)), $4, $5) AS period`,
          [template, reset, fiscalYearStart, head, frame.tail],
        )
        const read = sequence.read(formatNumber({ ...frame, head }, 1))
        expect(rows[0]!.period).toBe(read?.slot.period ?? null)
      },
    ),
    { numRuns: 1_000 },
  )
  await admin.end()
})

test('a date outside the window is refused with its bounds, and one inside is not', async () => {
  const instance = createInstance(database.runtimeUrl)
  const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10)
  for (const offset of [-365, 0, 30])
    expect((await instance.issue({ prefix: 'ORD', business_date: day(offset) })).numbers).toHaveLength(1)
  for (const offset of [-370, 35, -367, 32])
    await expect(instance.issue({ prefix: 'ORD', business_date: day(offset) })).rejects.toMatchObject({
      code: 'business_date_out_of_window',
      message: expect.stringContaining(day(-366)) as string,
    })
  await instance.close()
})

test('rules may take any date of the calendar, alone and together with other sequences', async () => {
  const sequencer = await startSequencer(database, { JWT_SECRET: secret })
  const headers = await bearer('admin')
  const days = 3_652_058
  const prefixes = ['EVER', 'EVER2']
  for (const prefix of prefixes) {
    const rules = {
      template: `${prefix}-{seq}`,
      business_date_past_days: days,
      business_date_future_days: days,
    }
    expect((await sequencer.api.post('/api/v1/sequences', { prefix, ...rules }, { headers })).status).toBe(
      201,
    )
  }
  for (const business_date of [undefined, '0001-01-01', '9999-12-31'])
    expect((await sequencer.api.post('/api/v1/next/EVER', { business_date })).body).toMatchObject({
      prefix: 'EVER',
    })
  const requests = prefixes.map((prefix) => ({ prefix, business_date: '0001-01-01' }))
  const { body } = await sequencer.api.post('/api/v1/numbers:batch', { requests })
  expect(body.results).toMatchObject(prefixes.map((prefix) => ({ number: { prefix } })))
  await sequencer.stop()
})

test('nothing more is issued in a closed period, and a retry gets what it got', async () => {
  const instance = createInstance(database.runtimeUrl)
  const date = `${new Date().getUTCFullYear() - 1}-12-31`
  const once = { prefix: 'ORD', business_date: date, key: 'before' }
  const before = await instance.issue(once)
  const year = date.slice(0, 4)
  const close = (period: string) =>
    role.query(`SELECT public.close_period('ORD', $1, 'olga', 'the books are closed', 'r-1')`, [period])
  await expect(close(String(new Date().getUTCFullYear()))).rejects.toMatchObject({ code: 'OR024' })
  await close(year)
  await expect(instance.issue({ prefix: 'ORD', business_date: date })).rejects.toMatchObject({
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
