import fc from 'fast-check'
import { Client } from 'pg'
import { formatNumber } from '@ordinal/audit'
import type { TestDatabase } from '@ordinal/testing'
import { resets } from '../src/domain/period'
import { RulesError, validateRules, type Rules } from '../src/domain/rules'
import { createSequence } from '../src/domain/sequence'
import { createInstance } from './instance'
import { allTokenSets, anyReset, dates, plainRules, templateOf, templates } from './rule-sets'
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

test('the database accepts the same sets of tokens for each reset and fiscal year as the service', async () => {
  const sets = allTokenSets.flatMap((tokens) =>
    resets.flatMap((reset) =>
      Array.from({ length: 12 }, (_, month) => ({
        template: templateOf(tokens),
        reset,
        fiscal_year_start: month + 1,
      })),
    ),
  )
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
  const differing = sets.filter(({ template, reset, fiscal_year_start: fiscalYearStart }, nth) => {
    const accepted = isSound({ ...plainRules, template, reset, fiscalYearStart })
    return accepted === rows[0]!.refused[nth]
  })
  expect(differing).toEqual([])
})

test('the database reads the period of a number as the service does', async () => {
  const admin = new Client(database.adminUrl)
  await admin.connect()
  const changes = fc.constantFrom('', '0', '1', '3', '9')
  await fc.assert(
    fc.asyncProperty(
      templates,
      anyReset,
      fc.integer({ min: 1, max: 12 }),
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
    { numRuns: 1000 },
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
