import { until, type TestDatabase } from '@ordinal/testing'
import { createLedgerDatabase, queryAsAdmin, startSequencer } from './sequencer'
import { bearer, secret } from './tokens'

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>

beforeEach(async () => {
  database = await createLedgerDatabase({ roleOfItsOwn: true })
  sequencer = await startSequencer(database, { JWT_SECRET: secret })
})
afterEach(async () => {
  await sequencer.stop()
  await database.drop()
})

/** What the database's clock says in its functions: so many seconds more than it is. */
async function setClock(secondsAhead: number): Promise<void> {
  const functions = ['issue_numbers', 'issue_many', 'change_numbers', 'add_rules']
  if (secondsAhead > 0)
    await queryAsAdmin(
      database,
      `CREATE SCHEMA ahead;
       CREATE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
         'SELECT pg_catalog.clock_timestamp() + interval ''${secondsAhead} seconds''';
       GRANT USAGE ON SCHEMA ahead TO PUBLIC`,
    )
  const path = secondsAhead > 0 ? 'ahead, pg_catalog, public, pg_temp' : 'pg_catalog, public, pg_temp'
  for (const name of functions)
    await queryAsAdmin(database, `ALTER FUNCTION ${name} SET search_path = ${path}`)
  if (secondsAhead === 0) await queryAsAdmin(database, 'DROP SCHEMA ahead CASCADE')
}

const next = async (prefix: string, body: object = {}) => {
  const answer = await sequencer.api.post(`/api/v1/next/${prefix}`, body)
  expect(answer.status).toBe(200)
  return answer.body.full_number as string
}

test('preview and status are of the day on which the database would issue', async () => {
  await next('DEMO')
  await setClock(2 * 86_400)
  await queryAsAdmin(
    database,
    `ALTER ROLE ${new URL(database.runtimeUrl).username} SET search_path = ahead, pg_catalog, public`,
  )
  const other = await startSequencer(database)
  const { body: preview } = await other.api.get('/api/v1/preview/DEMO')
  const { body: status } = await other.api.get('/api/v1/status/DEMO')
  const { body: issued } = await other.api.post('/api/v1/next/DEMO', {})
  await other.stop()
  expect(issued.counter).toBe(1)
  expect(preview).toMatchObject({ full_number: issued.full_number, period: issued.period })
  expect(status).toMatchObject({ period: issued.period, next_counter: 1 })
})

test('from 2100 on a sequence that shows years with two digits is refused until its template is changed', async () => {
  const admin = { headers: await bearer('admin') }
  const path = '/api/v1/sequences/SHORT'
  const short = {
    prefix: 'SHORT',
    template: 'SHORT{FYF2}-{FY2}/{seq:4}',
    reset: 'fiscal_yearly',
    fiscal_year_start: 4,
  }
  expect((await sequencer.api.post('/api/v1/sequences', short, admin)).status).toBe(201)
  expect(await next('SHORT')).toMatch(/^SHORT\d\d-\d\d\/0001$/)
  const tooLate = await sequencer.api.post('/api/v1/next/SHORT', { business_date: '2099-04-01' })
  expect(tooLate).toMatchObject({ status: 400, body: { code: 'validation_failed' } })
  await setClock(Math.round((Date.parse('2100-05-01T12:00:00Z') - Date.now()) / 1000))

  const refused = await sequencer.api.post('/api/v1/next/SHORT', {})
  expect(refused).toMatchObject({ status: 400, body: { code: 'validation_failed' } })
  expect(refused.body.detail).toContain('cannot show the date 2100-05-01')
  const change = (template: string) => sequencer.api.put(path, { template }, admin)
  const stillShort = await change('SHORT/{FY2}/{seq:4}')
  expect(stillShort).toMatchObject({ status: 409, body: { code: 'rules_conflict' } })
  expect(stillShort.body.detail).toContain('cannot show the date 2100-05-01')
  expect((await change('SHORT/{FY}/{seq:4}')).status).toBe(200)
  expect(await next('SHORT')).toBe('SHORT/2101/0001')
})

test.each(['{YY}', '{FY2}', '{FYF2}', '{GG}'])(
  'from 2101 on %s is refused with one problem, with a date or without, of numbers that are read and issued',
  async (token) => {
    const admin = { headers: await bearer('admin') }
    const short = { prefix: 'SHORT', template: `SHORT${token}/{seq}`, business_date_future_days: null }
    expect((await sequencer.api.post('/api/v1/sequences', { ...short, reset: 'never' }, admin)).status).toBe(
      201,
    )
    await setClock(Math.round((Date.parse('2101-05-01T12:00:00Z') - Date.now()) / 1000))
    await queryAsAdmin(
      database,
      `ALTER ROLE ${new URL(database.runtimeUrl).username} SET search_path = ahead, pg_catalog, public`,
    )
    const later = await startSequencer(database, { JWT_SECRET: secret })
    const dated = '?business_date=2101-05-01'
    const answers = [
      ...(await Promise.all(
        ['preview/SHORT', 'status/SHORT', `preview/SHORT${dated}`, `status/SHORT${dated}`, 'gaps/SHORT'].map(
          (path) => later.api.get(`/api/v1/${path}`, admin),
        ),
      )),
      ...(await Promise.all(
        [{}, { hold_seconds: 60 }, { business_date: '2101-05-01' }].map((body) =>
          later.api.post('/api/v1/next/SHORT', body),
        ),
      )),
    ]
    await later.stop()
    for (const { status, body } of answers) {
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'validation_failed' })
      expect(body.errors).toEqual([
        { path: 'business_date', message: expect.stringMatching(/show/) as string },
      ])
    }
  },
)

// Longer than a verifier allows for, by a little: the clock soon has come so far.
test('where the clock is set back, numbers go on from the times before, and the ledger verifies', async () => {
  const admin = { headers: await bearer('admin') }
  const first = await next('SG')
  await setClock(64)
  const ahead = await next('SG')
  await sequencer.api.put('/api/v1/sequences/INV', { gap_policy: 'strict' }, admin)
  await next('INV')
  const lastYear = new Date().getUTCFullYear() - 1
  await next('INV', { business_date: `${lastYear}-12-31` })
  await setClock(0)

  await next('SG')
  await next('ORD')
  await next('INV')
  const closed = await sequencer.api.post(
    `/api/v1/sequences/INV/periods/${lastYear}/close`,
    { reason: 'the books are closed' },
    admin,
  )
  expect(closed.status).toBe(200)
  const reserved = await next('SG', { hold_seconds: 60 })
  const step = (number: string, event: string) =>
    sequencer.api.post(`/api/v1/numbers/${number}/${event}`, { reason: 'test' }, admin)
  expect((await step(reserved, 'confirm')).status).toBe(200)
  expect((await step(first, 'release')).status).toBe(200)
  expect((await sequencer.api.put('/api/v1/sequences/SG', { gap_policy: 'strict' }, admin)).status).toBe(200)
  expect((await step(ahead, 'release')).body.state).toBe('void')
  await next('SG')

  const batches = await queryAsAdmin<{ ascends: boolean }>(
    database,
    `SELECT at >= lag(at) OVER (ORDER BY feed) IS NOT FALSE AS ascends FROM batches ORDER BY feed`,
  )
  expect(batches.length).toBeGreaterThan(8)
  expect(batches.every(({ ascends }) => ascends)).toBe(true)
  const verify = async () => (await sequencer.api.get('/api/v1/audit/verify', admin)).body
  await until(async () => (await verify()).fits as boolean)
  expect(await verify()).toMatchObject({ fits: true, findings: [] })
})
