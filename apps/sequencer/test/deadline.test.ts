import { isDeepStrictEqual } from 'node:util'
import { Client } from 'pg'
import { createLedgerDatabase, heldUp, startSequencer, valuesIn } from './sequencer'
import { until } from '@ordinal/testing'

type Ledger = Awaited<ReturnType<typeof createLedgerDatabase>>

let database: Ledger
let sequencer: Awaited<ReturnType<typeof startSequencer>>
beforeEach(async () => {
  database = await createLedgerDatabase()
  // Far longer than a test holds a counter: what ends sooner has been ended by its caller's deadline.
  sequencer = await startSequencer(database, { SEQUENCER_REQUEST_TIMEOUT_MS: '60000' })
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
  const longMs = 50_000
  await next(longMs, 'first')
  const admin = new Client(database.adminUrl)
  await admin.connect()
  await admin.query('BEGIN')
  await admin.query("SELECT FROM counters WHERE prefix = 'SG' FOR UPDATE")
  const waits = () => admin.query(heldUp)
  const first = next(longMs, 'long')
  await until(async () => (await waits()).rowCount! > 0)
  // Where the machine pauses for as long as a statement may take, another takes its place: then once more.
  const [retry, behind] = await until(async () => {
    const { rows: before } = await waits()
    const answers = [await next(500, 'long'), await next(500, 'behind')] as const
    return before.length === 1 && isDeepStrictEqual((await waits()).rows, before) && answers
  })
  await admin.query('ROLLBACK')
  await admin.end()
  expect([retry.status, retry.body.code]).toEqual([503, 'outcome_unknown'])
  expect([behind.status, behind.body.code]).toEqual([504, 'deadline_exceeded'])
  expect((await first).body.counter).toBe(2)
  expect((await next(longMs, 'long')).body.counter).toBe(2)
  expect((await next(longMs, 'behind')).body.counter).toBe(3)
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
    // Longer than it may take on its way to the database.
    { headers: { 'x-request-timeout-ms': '4000' } },
  )
  await admin.query('ROLLBACK')
  await admin.end()
  expect([status, body.code]).toEqual([503, 'outcome_unknown'])
  const key = /Idempotency-Key (\S+)/.exec(body.detail)![1]!
  const again = await sequencer.api.post('/api/v1/next/SG', {}, { headers: { 'idempotency-key': key } })
  expect(again.body.counter).toBe(2)
  expect(await valuesIn(database, 'SG')).toEqual([1, 2])
})
