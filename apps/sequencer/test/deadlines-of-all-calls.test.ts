import { Client } from 'pg'
import { until } from '@ordinal/testing'
import { createLedgerDatabase, heldUp, startSequencer } from './sequencer'
import { bearer, secret } from './tokens'

let database: Awaited<ReturnType<typeof createLedgerDatabase>>
let sequencer: Awaited<ReturnType<typeof startSequencer>>
let headers: Record<string, string>
let admin: Client
beforeAll(async () => {
  database = await createLedgerDatabase()
  // Far longer than a test may take: what ends sooner has been ended by its caller's deadline.
  sequencer = await startSequencer(database, { JWT_SECRET: secret, SEQUENCER_REQUEST_TIMEOUT_MS: '60000' })
  headers = await bearer('operator')
})
afterAll(async () => {
  await sequencer.stop()
  await database.drop()
})
beforeEach(async () => {
  admin = new Client(database.adminUrl)
  await admin.connect()
  await admin.query('BEGIN')
})
afterEach(() => admin.end())

const post = (path: string, body: object, timeoutMs?: number) =>
  sequencer.api.post(path, body, {
    headers: { ...headers, ...(timeoutMs && { 'x-request-timeout-ms': String(timeoutMs) }) },
  })
const issue = async (body: object = {}) => (await post('/api/v1/next/SG', body)).body.full_number as string
const site = { site_id: 'site-1', partition_id: 'partition-a' }
const draw = async () => (await post('/api/v1/sequence/next', site)).body.sequence_number as number

interface Asked {
  path: string
  body: object
}
const step = (event: string, full_number: string): Asked => ({
  path: `/api/v1/numbers/${full_number}/${event}`,
  body: { reason: 'test' },
})
const calls: [what: string, prefix: string, ask: () => Promise<Asked>][] = [
  ['confirm', 'SG', async () => step('confirm', await issue({ hold_seconds: 600 }))],
  ['release', 'SG', async () => step('release', await issue())],
  ['void', 'SG', async () => step('void', await issue())],
  ['a draw of a site', 'GLOBAL', () => Promise.resolve({ path: '/api/v1/sequence/next', body: site })],
  [
    'a release of a site',
    'GLOBAL',
    async () => ({
      path: '/api/v1/sequence/release',
      body: { ...site, sequence_number: await draw(), reason: 'test' },
    }),
  ],
  ['the simplest call', 'DEFAULT', () => Promise.resolve({ path: '/v1/sequence', body: {} })],
]

test.each(calls)(
  '%s ends with the deadline of its caller, and does nothing later',
  async (_, prefix, ask) => {
    const [first, second] = [await ask(), await ask()]
    await post(prefix === 'DEFAULT' ? '/v1/sequence' : '/api/v1/next/SG', {})
    await draw()
    await admin.query('SELECT FROM counters WHERE prefix = $1 FOR UPDATE', [prefix])
    const underWay = post(first.path, first.body)
    await until(async () => {
      const { rowCount } = await admin.query(heldUp)
      return rowCount! > 0
    })
    // It queues behind the one that waits for the counter.
    const late = await post(second.path, second.body, 200)
    const before = await countEntries(prefix)
    await admin.query('ROLLBACK')
    expect([late.status, late.body.code]).toEqual([504, 'deadline_exceeded'])
    expect((await underWay).status).toBe(200)
    expect(await countEntries(prefix)).toBe(before + 1)
  },
)

test.each([
  ['confirm', calls[0]![2]],
  ['a release of a site', calls[4]![2]],
  [
    'a simulated draw',
    () => Promise.resolve({ path: '/api/v1/sequence/next', body: { ...site, invoice_type: 'simulated' } }),
  ],
])('%s ends with the deadline of its caller also while it looks the number up', async (_, ask) => {
  const asked = await ask()
  await admin.query('LOCK TABLE ledger, counters, free_values IN ACCESS EXCLUSIVE MODE')
  const late = await post(asked.path, asked.body, 200)
  await admin.query('ROLLBACK')
  expect([late.status, late.body.code]).toEqual([504, 'deadline_exceeded'])
})

async function countEntries(prefix: string): Promise<number> {
  const { rows } = await admin.query<{ count: number }>(
    'SELECT count(*)::int FROM ledger WHERE prefix = $1',
    [prefix],
  )
  return rows[0]!.count
}

test.each<[what: string, ask: Asked]>([
  ['a number', { path: '/api/v1/next/PO', body: {} }],
  ['a number of a batch', { path: '/api/v1/numbers:batch', body: { requests: [{ prefix: 'INV' }] } }],
])('%s of a sequence that is not known yet ends with the deadline, too', async (_, { path, body }) => {
  await admin.query('LOCK TABLE sequences')
  const late = await post(path, body, 200)
  await admin.query('ROLLBACK')
  expect(late.body.results?.[0].problem.code ?? late.body.code).toBe('deadline_exceeded')
})
