import { Client } from 'pg'
import { inspectLedger, until, type TestDatabase } from '@ordinal/testing'
import { createLedgerDatabase, heldUp, startSequencer, upTo } from './sequencer'

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>
let holder: Client

beforeEach(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database)
  holder = new Client(database.adminUrl)
  await holder.connect()
})
afterEach(async () => {
  await holder.end()
  await sequencer.stop()
  expect((await inspectLedger(database)).faults).toEqual([])
  await database.drop()
})

test('numbers are issued and read while every heavy read hangs', async () => {
  await sequencer.api.post('/api/v1/next/SG', {})
  await holder.query('BEGIN; LOCK TABLE site_usage IN ACCESS EXCLUSIVE MODE')
  const hanging = upTo(40).map(() => sequencer.api.get('/api/v1/sequence/stats?prefix=SG'))
  await until(async () => {
    const { rows } = await holder.query(heldUp)
    return rows.length > 0
  })

  const issued = await Promise.all(upTo(5).map(() => sequencer.api.post('/api/v1/next/SG', {})))
  expect(issued.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  expect((await sequencer.api.get('/api/v1/status/SG')).body).toMatchObject({ current_counter: 6 })
  expect((await sequencer.api.get('/health/ready')).status).toBe(200)

  const answers = await Promise.all(hanging)
  const shed = answers.filter(({ status }) => status === 503)
  expect(shed.length).toBeGreaterThan(0)
  expect(shed.every(({ headers }) => headers.get('retry-after') === '1')).toBe(true)
  await holder.query('ROLLBACK')
})

test('every caller that asks for the status sees the number that was issued before', async () => {
  for (const value of upTo(20)) {
    const before = upTo(5).map(() => sequencer.api.get('/api/v1/status/SG'))
    await sequencer.api.post('/api/v1/next/SG', {})
    const after = await Promise.all(upTo(5).map(() => sequencer.api.get('/api/v1/status/SG')))
    expect(after.map(({ body }) => (body as { current_counter: number }).current_counter)).toEqual(
      upTo(5).map(() => value),
    )
    await Promise.all(before)
  }
})
