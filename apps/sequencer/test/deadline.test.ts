import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { createLedgerDatabase, startSequencer, valuesIn } from './sequencer'
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
    const { rowCount } = await admin.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    return rowCount! > 0
  })
  // These queue behind it, and give up while it waits.
  const late = [1, 2, 3].map(() => next({ 'x-request-timeout-ms': '200' }))
  await delay(300)
  await admin.query('ROLLBACK')
  await admin.end()
  expect((await waiting).body.counter).toBe(2)
  for (const { status } of await Promise.all(late)) expect(status).toBe(503)
  expect((await next()).body.counter).toBe(3)
  expect(await valuesIn(database, 'SG')).toEqual([1, 2, 3])
})
