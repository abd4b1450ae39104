import { hash } from 'node:crypto'
import { Readable } from 'node:stream'
import { Client } from 'pg'
import { parseConfig } from '@ordinal/config'
import { createTestDatabase, createTestRole, type TestDatabase } from '@ordinal/testing'
import { migrateSequencer } from '../src/app'
import { sequencerConfig } from '../src/config'
import { createImportNumbers } from '../src/import/import-numbers'
import { readLines } from '../src/import/read-rows'
import { createSiteBook } from '../src/ledger/sites'
import { createSites } from '../src/sites'
import { createInstance } from './instance'
import { configFor, createLedgerDatabase, queryAsAdmin, startSequencer, upTo } from './sequencer'

let database: TestDatabase & { runtimeUrl: string }

beforeEach(async () => {
  database = await createLedgerDatabase()
})
afterEach(() => database.drop())

async function as<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(url)
  await client.connect()
  return work(client).finally(() => client.end())
}

async function issueSome(): Promise<void> {
  const instance = createInstance(database.runtimeUrl)
  await instance.issue({ clientId: 'erp', generatedBy: 'ada' })
  await Promise.all(
    upTo(20).map((n) => instance.issue({ count: n, idempotencyKey: `key ${n}`, caller: 'shop' })),
  )
  await instance.issue({ prefix: 'INV', businessDate: '2019-02-03' })
  // Reserved, released and recycled among new ones, and suppressed.
  const { numbers } = await instance.issue({ event: 'reserve', holdSeconds: 60, count: 5 })
  const held = { prefix: 'SG', period: '', caller: 'shop', requestId: 'r', reason: 'not needed' }
  await Promise.all(
    numbers.map((number, index) =>
      instance.change({ ...held, ...number, event: index === 0 ? 'confirm' : 'release' }),
    ),
  )
  await Promise.all(upTo(4).map((n) => instance.issue({ count: (n % 2) + 1, siteId: 'site-1' })))
  await instance.issue({
    event: 'suppress',
    reason: 'suppressed',
    invoiceType: 'suppressed',
    siteId: 'site-1',
  })
  const importing = createImportNumbers({ ...instance, sites: createSites(createSiteBook(instance.pool)) })
  const file = 'number,client_id,business_date\nINV2018-0003,erp,2018-02-03\nINV2018-0004,,\nINV2018-0009,,'
  const chunks = Readable.from([Buffer.from(file)])
  await importing(
    { prefix: 'INV', maxHole: 5, dryRun: false, caller: 'ada', requestId: 'r' },
    readLines({ media: 'text/csv', chunks }),
  )
  await instance.close()
}

const insertLedger = (value: number) =>
  `INSERT INTO ledger (prefix, period, value, revision, event, state, number, batch, position, caller, idempotency_key, item, at)
   VALUES ('SG', '', ${value}, 1, 'issue', 'issued', 'SG${value}', 99, 1, 'x', 'x', 0, now())`

describe('the role that the service runs as', () => {
  test.each([
    ['write a number of its own', insertLedger(2_000_000_000)],
    ['change a number', `UPDATE ledger SET client_id = 'other'`],
    ['delete a number', 'DELETE FROM ledger'],
    ['empty the ledger', 'TRUNCATE ledger'],
    ['lock a number', 'SELECT * FROM ledger FOR UPDATE'],
    ['move a counter', 'UPDATE counters SET last_value = 7'],
    ['rewrite the chain', `UPDATE batches SET hash = ''`],
    [
      'change the rules',
      `INSERT INTO sequences (prefix, version, template, reset, created_by) VALUES ('SG', 2, '{seq}', 'never', 'x')`,
    ],
    ['shadow a table', 'CREATE TEMP TABLE ledger ()'],
    ['make a table', 'CREATE TABLE mine ()'],
    [
      'replace a function',
      'CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
    ],
    ['drop a trigger', 'DROP TRIGGER ledger_append_only ON ledger'],
    ['silence triggers', `SET session_replication_role = replica`],
  ])('may not %s', async (_, sql) => {
    await issueSome()
    await as(database.runtimeUrl, async (client) => {
      await expect(client.query(sql)).rejects.toMatchObject({
        code: expect.stringMatching(/^(42501|25006)$/),
      })
    })
  })
})

test.each([
  'UPDATE ledger SET reason = NULL',
  'DELETE FROM ledger',
  'TRUNCATE ledger',
  'TRUNCATE batches',
  'DELETE FROM sequences',
])('even the owner is stopped by a trigger: %s', async (sql) => {
  await issueSome()
  await as(database.url, async (client) => {
    await expect(client.query(sql)).rejects.toThrow('is append-only')
  })
})

test('the database refuses a number that is live already, and an event out of order', async () => {
  await issueSome()
  await as(database.url, async (client) => {
    await expect(client.query(insertLedger(1))).rejects.toMatchObject({
      code: '23505',
      constraint: 'ledger_pkey',
    })
    const sameText = insertLedger(999).replace(`'SG999'`, `'SG000001'`)
    await expect(client.query(sameText)).rejects.toMatchObject({
      code: '23505',
      constraint: 'ledger_number_key',
    })
  })
})

test('every batch continues the hash chain of its counter, and the counter has its head', async () => {
  await issueSome()
  const batches = await queryAsAdmin<Batch>(
    database,
    `SELECT *, (extract(epoch FROM at) * 1000000)::bigint AS at_us FROM batches ORDER BY prefix, period, batch`,
  )
  expect(batches.length).toBeGreaterThan(2)
  const heads = new Map<string, Buffer>()
  for (const batch of batches) {
    const counter = `${batch.prefix}/${batch.period}`
    const rows = await queryAsAdmin<Row>(
      database,
      `SELECT *, business_date::text FROM ledger WHERE prefix = $1 AND period = $2 AND batch = $3 ORDER BY position`,
      [batch.prefix, batch.period, batch.batch],
    )
    expect(rows).toHaveLength(batch.rows)
    const expected = chainHash(heads.get(counter) ?? Buffer.alloc(32), batch, rows)
    expect(batch.hash.toString('hex')).toBe(expected.toString('hex'))
    heads.set(counter, batch.hash)
  }
  for (const { prefix, period, head } of await queryAsAdmin<{ prefix: string; period: string; head: Buffer }>(
    database,
    'SELECT * FROM counters',
  )) {
    expect(head).toEqual(heads.get(`${prefix}/${period}`))
  }
})

interface Batch {
  prefix: string
  period: string
  batch: string
  rules_version: number
  gap_policy: string
  number_head: string | null
  number_width: number | null
  number_tail: string | null
  rows: number
  hash: Buffer
  at_us: string
}
type Row = Record<(typeof requestFields)[number] | 'caller' | 'idempotency_key' | 'event', string | null> & {
  value: string
  revision: number
}
const requestFields = [
  'hold_seconds',
  'client_id',
  'generated_by',
  'site_id',
  'partition_id',
  'invoice_type',
  'business_date',
  'reason',
  'request_id',
] as const

/** The chain from what the tables hold, written again from its description (docs/decisions/0008). */
function chainHash(head: Buffer, batch: Batch, rows: Row[]): Buffer {
  const sha256 = (fields: unknown[]) => hash('sha256', JSON.stringify(fields), 'buffer')
  const requests = [...groupBy(rows, (row) => `${row.caller}\n${row.idempotency_key}`).values()]
  const digests = requests.map((items) => {
    const { event, caller, idempotency_key, ...row } = items[0]!
    const fields = requestFields.map((field) => row[field])
    return sha256(['ordinal-request-v1', event, caller, idempotency_key, items.length, ...fields])
  })
  const { prefix, period, number_head, number_width, number_tail, rules_version, gap_policy } = batch
  const header = sha256([
    'ordinal-batch-v1',
    prefix,
    period,
    number_head,
    number_width,
    number_tail,
    rules_version,
    gap_policy,
  ])
  const fresh = rows.filter(({ revision }) => revision === 1)
  const runs = rows
    .filter(({ revision }) => revision > 1)
    .map(({ value, revision }) => ({ value, revision, count: 1 }))
  if (fresh[0]) runs.push({ value: fresh[0].value, revision: 1, count: fresh.length })
  const at = Buffer.alloc(8)
  at.writeBigInt64BE(BigInt(batch.at_us))
  const hashed = [head, header, ...digests, ...runs.map(runOf), at]
  return hash('sha256', Buffer.concat(hashed), 'buffer')
}

function runOf({ value, revision, count }: { value: string; revision: number; count: number }): Buffer {
  const run = Buffer.alloc(16)
  run.writeBigInt64BE(BigInt(value), 0)
  run.writeInt32BE(revision, 8)
  run.writeInt32BE(count, 12)
  return run
}

function groupBy<T>(items: T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}

test('without the role that owns the ledger a service starts where there is nothing to migrate', async () => {
  const alone = (url: string) => parseConfig(sequencerConfig, { SEQUENCER_DATABASE_URL: url })
  await migrateSequencer(alone(database.runtimeUrl))
  const empty = await createTestDatabase()
  const { url } = await createTestRole(empty)
  await expect(migrateSequencer(alone(url))).rejects.toThrow('permission denied')
  await empty.drop()
})

test('a service whose role owns the ledger says so at its start; one whose role does not is silent', async () => {
  const silent = await startSequencer(database)
  const powerful = await startSequencer({ url: database.url, runtimeUrl: database.url })
  await Promise.all([silent.stop(), powerful.stop()])
  expect(powerful.lines.join('')).toContain('owns the ledger, and so could rewrite it')
  expect(silent.lines.join('')).not.toContain('could rewrite it')
})

test('three instances that start at once on an empty database all come up', async () => {
  const empty = await createTestDatabase()
  const { url: runtimeUrl } = await createTestRole(empty)
  const config = configFor({ url: empty.url, runtimeUrl })
  await Promise.all([1, 2, 3].map(() => migrateSequencer(config)))
  const instances = await Promise.all([1, 2, 3].map(() => startSequencer({ url: empty.url, runtimeUrl })))
  for (const [index, { api }] of instances.entries()) {
    expect((await api.get('/health/ready')).status).toBe(200)
    expect((await api.post('/api/v1/next/SG')).body.counter).toBe(index + 1)
  }
  await Promise.all(instances.map(({ stop }) => stop()))
  await empty.drop()
})

test('the role of the configuration may have any password', async () => {
  const role = `${database.name}_odd`
  await queryAsAdmin(database, `CREATE ROLE ${role} LOGIN PASSWORD 'p@s:/#%w'`)
  const { hostname, port, pathname } = new URL(database.url)
  const parts = {
    SEQUENCER_MIGRATION_DATABASE_URL: database.url,
    SEQUENCER_DB_HOST: hostname,
    SEQUENCER_DB_PORT: port,
    SEQUENCER_DB_USER: role,
    SEQUENCER_DB_PASSWORD: 'p@s:/#%w',
    SEQUENCER_DB_NAME: pathname.slice(1),
  }
  const url = `postgres://${role}:${encodeURIComponent('p@s:/#%w')}@${hostname}:${port}${pathname}`
  await migrateSequencer(parseConfig(sequencerConfig, parts))
  for (const env of [
    parts,
    { SEQUENCER_DATABASE_URL: url, SEQUENCER_MIGRATION_DATABASE_URL: database.url },
  ]) {
    const sequencer = await startSequencer({ url: database.url, runtimeUrl: url }, env)
    expect((await sequencer.api.post('/api/v1/next/SG')).status).toBe(200)
    await sequencer.stop()
  }
})
