import { Readable } from 'node:stream'
import { Client } from 'pg'
import { parseConfig } from '@ordinal/config'
import { createTestDatabase, createTestRole, inspectLedger, until, type TestDatabase } from '@ordinal/testing'
import { migrateSequencer } from '../src/app'
import { sequencerConfig } from '../src/config'
import { createImportNumbers } from '../src/imports/importer'
import { readLines } from '../src/imports/parse'
import { createSiteRepository } from '../src/sites/repository'
import { createKnownSites } from '../src/sites/known-sites'
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
  await instance.issue({ client_id: 'erp', generated_by: 'ada' })
  await Promise.all(upTo(20).map((n) => instance.issue({ count: n, key: `key ${n}`, caller: 'shop' })))
  await instance.issue({ prefix: 'INV', business_date: '2019-02-03' })
  // Reserved, released and recycled among new ones, and suppressed.
  const { numbers } = await instance.issue({ event: 'reserve', hold_seconds: 60, count: 5 })
  const held = { prefix: 'SG', period: '', caller: 'shop', request_id: 'r', reason: 'not needed' }
  await Promise.all(
    numbers.map((number, index) =>
      instance.change({ ...held, ...number, event: index === 0 ? 'confirm' : 'release' }),
    ),
  )
  await Promise.all(upTo(4).map((n) => instance.issue({ count: (n % 2) + 1, site_id: 'site-1' })))
  await instance.issue({
    event: 'suppress',
    reason: 'suppressed',
    invoice_type: 'suppressed',
    site_id: 'site-1',
  })
  const importing = createImportNumbers({
    ...instance,
    sites: createKnownSites(createSiteRepository({ ...instance, db: instance.pool })),
  })
  const file = 'number,client_id,business_date\nINV2018-0003,erp,2018-02-03\nINV2018-0004,,\nINV2018-0009,,'
  const chunks = Readable.from([Buffer.from(file)])
  await importing(
    { prefix: 'INV', maxHole: 5, dryRun: false, caller: 'ada', requestId: 'r' },
    readLines({ media: 'text/csv', chunks }).lines,
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

test('every batch continues the hash chain of its counter, and all else follows from the ledger', async () => {
  await issueSome()
  const { batches, values, faults } = await inspectLedger(database)
  expect(faults).toEqual([])
  expect(batches).toBeGreaterThan(2)
  expect(values.issued).toBeGreaterThan(200)
  expect(values.free).toBeGreaterThan(0)
})

// The proof that other tests end with can fail.
test.each([
  ['another caller', `UPDATE ledger SET caller = 'x' WHERE value = 3`, 'does not fit the chain'],
  ['a step less', `DELETE FROM ledger WHERE value = 3`, 'rows and has'],
  ['another state', `UPDATE ledger SET state = 'void' WHERE value = 3`, 'made unused to void'],
  ['another number', `UPDATE ledger SET number = 'X' WHERE value = 3 AND prefix = 'SG'`, 'has the number X'],
  ['a batch less', `DELETE FROM batches WHERE batch = 2`, 'stands where 2 should'],
  ['a counter moved on', `UPDATE counters SET last_value = last_value + 1`, `the counter's last_value is`],
  ['a counter that miscounts', `UPDATE counters SET free = free + 1`, `the counter's free is`],
  ['a free value less', `DELETE FROM free_values`, 'free values lack'],
  ['a lease more', `INSERT INTO leases VALUES ('SG', '', 1, 'SG000001', now())`, 'leases have 1 SG000001'],
  ['what a site drew', `UPDATE site_usage SET issued = issued + 1`, 'sites have drawn'],
])('%s is found in the ledger', async (_, tampering, fault) => {
  await issueSome()
  await queryAsAdmin(
    database,
    `ALTER TABLE ledger DISABLE TRIGGER USER; ALTER TABLE batches DISABLE TRIGGER USER; ${tampering}`,
  )
  const { faults } = await inspectLedger(database)
  expect(faults.join('\n')).toContain(fault)
})

test('without the role that owns the ledger a service starts where there is nothing to migrate', async () => {
  const alone = (url: string) => parseConfig(sequencerConfig, { SEQUENCER_DATABASE_URL: url })
  await migrateSequencer(alone(database.runtimeUrl))
  const empty = await createTestDatabase()
  const { url } = await createTestRole(empty)
  await expect(migrateSequencer(alone(url))).rejects.toThrow('permission denied')
  await empty.drop()
})

test('a service whose role owns the ledger says so soon after its start; one whose role does not is silent', async () => {
  const silent = await startSequencer(database)
  const powerful = await startSequencer({ url: database.url, runtimeUrl: database.url })
  await until(() => powerful.lines.some((line) => line.includes('could rewrite it')))
  // Its check began before the other's, and ends before it stops.
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
