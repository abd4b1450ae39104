import { Client } from 'pg'
import { createLedgerDatabase, heldUp, startSequencer, valuesIn } from './sequencer'
import { until } from '@ordinal/testing'

type Ledger = Awaited<ReturnType<typeof createLedgerDatabase>>

let database: Ledger
let sequencer: Awaited<ReturnType<typeof startSequencer>>
beforeEach(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database)
})
afterEach(async () => {
  await sequencer.stop()
  await database.drop()
})

test('a request that waits beyond the time of its caller gets no number, then or later', async () => {
  const next = (headers: Record<string, string> = {}) =>
    sequencer.api.post('/api/v1/next/SG', {}, { headers })
  await next()
  const admin = new Client(database.adminUrl)
  await admin.connect()
  await admin.query('BEGIN')
  await admin.query("SELECT FROM counters WHERE prefix = 'SG' FOR UPDATE")
  const waiting = next()
  await until(async () => {
    const { rowCount } = await admin.query(heldUp)
    return rowCount! > 0
  })
  // These queue behind it, and their deadlines pass while it waits.
  const late = await Promise.all([1, 2, 3].map(() => next({ 'x-request-timeout-ms': '200' })))
  await admin.query('ROLLBACK')
  await admin.end()
  expect((await waiting).body.counter).toBe(2)
  for (const { status } of late) expect(status).toBe(504)
  expect((await next()).body.counter).toBe(3)
  expect(await valuesIn(database, 'SG')).toEqual([1, 2, 3])
})

test('a caller that waits for less than a statement takes is answered in time, also when its retry has joined it', async () => {
  const next = (ms: number, key: string) =>
    sequencer.api.post(
      '/api/v1/next/SG',
      {},
      { headers: { 'idempotency-key': key, 'x-request-timeout-ms': String(ms) } },
    )
  await next(5000, 'first')
  const admin = new Client(database.adminUrl)
  await admin.connect()
  await admin.query('BEGIN')
  await admin.query("SELECT FROM counters WHERE prefix = 'SG' FOR UPDATE")
  const waits = () => admin.query(heldUp)
  const first = next(5000, 'long')
  await until(async () => (await waits()).rowCount === 1)
  const [statement] = (await waits()).rows
  const retry = await next(100, 'long')
  const behind = await next(100, 'behind')
  // The statement that they wait for still waits itself.
  expect((await waits()).rows).toEqual([statement])
  await admin.query('ROLLBACK')
  await admin.end()
  expect([retry.status, retry.body.code]).toEqual([503, 'outcome_unknown'])
  expect([behind.status, behind.body.code]).toEqual([504, 'deadline_exceeded'])
  expect((await first).body.counter).toBe(2)
  expect((await next(5000, 'long')).body.counter).toBe(2)
  expect((await next(5000, 'behind')).body.counter).toBe(3)
})

test('a caller with a deadline of a millisecond gets deadline_exceeded, and not database_unavailable', async () => {
  for (const path of ['/api/v1/next/SG', '/api/v1/next/SG', '/api/v1/next/INV']) {
    const { status, body } = await sequencer.api.post(path, {}, { headers: { 'x-request-timeout-ms': '1' } })
    // One that is with the database by then may have its number.
    if (status !== 200 && body.code !== 'outcome_unknown')
      expect([status, body.code]).toEqual([504, 'deadline_exceeded'])
  }
})

test('one whose deadline passes while its statement is under way gets its key, and by it its number', async () => {
  const admin = new Client(database.adminUrl)
  await admin.connect()
  await sequencer.api.post('/api/v1/next/SG')
  await admin.query('BEGIN')
  await admin.query("SELECT FROM counters WHERE prefix = 'SG' FOR UPDATE")
  const { status, body } = await sequencer.api.post(
    '/api/v1/next/SG',
    {},
    { headers: { 'x-request-timeout-ms': '1000' } },
  )
  const { rowCount } = await admin.query(heldUp)
  await admin.query('ROLLBACK')
  await admin.end()
  expect([status, body.code, rowCount]).toEqual([503, 'outcome_unknown', 1])
  const key = /Idempotency-Key (\S+)/.exec(body.detail)![1]!
  const again = await sequencer.api.post('/api/v1/next/SG', {}, { headers: { 'idempotency-key': key } })
  expect(again.body.counter).toBe(2)
  expect(await valuesIn(database, 'SG')).toEqual([1, 2])
})
