import { createTestDatabase, createTestRole, inspectLedger, type TestDatabase } from '@ordinal/testing'
import { verifyExport } from '@ordinal/audit'
import { migrateSequencer } from '../src/app'
import { makeReleasedSchema, releasedLedger } from './released-ledger'
import { configFor, queryAsAdmin, startSequencer } from './sequencer'
import { bearer, secret } from './tokens'

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>
let admin: { headers: Record<string, string> }

beforeAll(async () => {
  admin = { headers: await bearer('admin') }
  const plain = await createTestDatabase()
  database = { ...plain, runtimeUrl: (await createTestRole(plain)).url }
  await makeReleasedSchema(database.url)
  const before = await releasedLedger(database.url)
  const sg = { prefix: 'SG', period: '', head: 'SG', width: 6 }
  await before.issue(sg, { event: 'issue' }, { event: 'issue', count: 3 }, { event: 'suppress', reason: 's' })
  await before.issue(
    sg,
    { event: 'reserve', hold_seconds: 3600 },
    { event: 'reserve', hold_seconds: 3600 },
    { event: 'issue', site_id: 'site-1', partition_id: 'partition-a' },
  )
  await before.change('SG', '', { event: 'release', value: 2, number: 'SG000002' })
  // 5 was taken again, and 2 is now.
  await before.issue(sg, { event: 'issue', caller: 'shop' })
  for (const year of ['2024', '2025'])
    await before.issue(
      { prefix: 'INV', period: year, head: `INV${year}-`, width: 4 },
      { event: 'import', business_date: `${year}-03-01` },
      { event: 'issue', business_date: `${year}-03-01` },
    )
  await before.issue({ prefix: 'DEFAULT', period: '', head: '', width: 1 }, { event: 'issue' })
  await before.issue({ prefix: 'GLOBAL', period: '', head: '', width: 1 }, { event: 'issue' })
  for (const prefix of ['OLD', 'OLDER']) {
    await before.define(prefix, 'R{seq}')
    await before.issue({ prefix, period: '', head: 'R', width: 1 }, { event: 'issue' })
  }
  await before.end()
  await migrateSequencer(configFor(database))
  sequencer = await startSequencer(database, { JWT_SECRET: secret })
})
afterAll(async () => {
  await sequencer.stop()
  await database.drop()
})

async function verifyEverywhere(): Promise<void> {
  const { body } = await sequencer.api.get('/api/v1/audit/verify', admin)
  expect(body).toMatchObject({ fits: true, findings: [] })
  const { body: text } = await sequencer.api.get('/api/v1/audit/export', admin)
  const report = await verifyExport(linesOf(text as string))
  expect(report).toMatchObject({ fits: true, findings: [], rows: body.rows as number })
  expect((await inspectLedger(database)).faults).toEqual([])
}
// eslint-disable-next-line @typescript-eslint/require-await -- as lines come from a file
async function* linesOf(text: string) {
  yield* text.trimEnd().split('\n')
}
const next = async (prefix: string, body: object = {}) => {
  const answer = await sequencer.api.post(`/api/v1/next/${prefix}`, body)
  return [answer.status, answer.body.full_number ?? answer.body.code] as const
}
const step = async (number: string, event: string, query = '') => {
  const answer = await sequencer.api.post(
    `/api/v1/numbers/${number}/${event}${query}`,
    { reason: 'test' },
    admin,
  )
  return [answer.status, answer.body.state ?? answer.body.code] as const
}

test('a ledger that the first release wrote verifies after the migrations, online and offline', async () => {
  const formats = await queryAsAdmin(
    database,
    `SELECT format, count(*)::int AS batches FROM batches GROUP BY format`,
  )
  expect(formats).toEqual([{ format: 1, batches: 10 }])
  await verifyEverywhere()
})

test('it goes on where it was: numbers are issued, recycled, released and confirmed, and it verifies', async () => {
  expect(await next('SG')).toEqual([200, 'SG000008'])
  expect(await next('SG')).toEqual([200, 'SG000009'])
  expect(await step('SG000006', 'confirm')).toEqual([200, 'issued'])
  expect(await step('SG000007', 'release')).toEqual([200, 'free'])
  expect(await step('SG000001', 'release')).toEqual([200, 'free'])
  expect(await next('SG', { hold_seconds: 60 })).toEqual([200, 'SG000001'])
  expect(await next('INV')).toEqual([200, `INV${new Date().getUTCFullYear()}-0001`])
  expect(await next('ORD')).toEqual([200, `ORD-${new Date().getUTCFullYear()}-000001`])
  const formats = await queryAsAdmin(
    database,
    `SELECT DISTINCT format FROM batches WHERE prefix = 'SG' ORDER BY format`,
  )
  expect(formats).toEqual([{ format: 1 }, { format: 2 }])
  await verifyEverywhere()
})

test('sequences with the same numbers go on, which is on record; no other gets these numbers', async () => {
  for (const prefix of ['OLD', 'OLDER']) {
    expect(await next(prefix)).toEqual([200, 'R2'])
    const { body } = await sequencer.api.get(`/api/v1/sequences/${prefix}`, admin)
    expect(body).toMatchObject({ version: 2, allow_overlap: true, created_by: 'ordinal' })
  }
  for (const prefix of ['DEFAULT', 'GLOBAL']) expect((await next(prefix))[0]).toBe(200)
  const { body } = await sequencer.api.get('/api/v1/sequences/SG', admin)
  expect(body).toMatchObject({ version: 1, allow_overlap: false })
  await queryAsAdmin(
    database,
    `INSERT INTO sequences (prefix, version, template, reset, created_by) VALUES ('NEW', 1, 'SG{seq:5}', 'never', 'test')`,
  )
  expect(await next('NEW')).toEqual([409, 'rules_overlap'])
  await verifyEverywhere()
})

test('a number of an order is never issued again, where none was issued before', async () => {
  const { body } = await sequencer.api.get('/api/v1/sequences/ORD', admin)
  expect(body).toMatchObject({ version: 2, gap_policy: 'strict' })
})
