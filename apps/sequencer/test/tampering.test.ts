import { Client } from 'pg'
import type { TestDatabase } from '@ordinal/testing'
import { writeLedger } from './ledger-of-all-kinds'
import { createInstance } from './instance'
import { rechain } from './rechain'
import { createLedgerDatabase, queryAsAdmin, startSequencer } from './sequencer'
import { bearer, secret } from './tokens'
import { newSigningKey } from './signing-key'

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>
let headers: Record<string, string>

beforeAll(async () => {
  headers = await bearer('viewer')
})
beforeEach(async () => {
  database = await createLedgerDatabase()
  await writeLedger(database.runtimeUrl)
  sequencer = await startSequencer(database, { JWT_SECRET: secret, SEQUENCER_SIGNING_KEY: newSigningKey() })
})
afterEach(async () => {
  await sequencer.stop()
  await database.drop()
})

/** As the owner of the server, with all triggers off. */
async function tamper(...statements: string[]): Promise<void> {
  const admin = new Client(database.adminUrl)
  await admin.connect()
  try {
    await admin.query('SET session_replication_role = replica')
    for (const table of ['ledger', 'batches']) await admin.query(`ALTER TABLE ${table} DISABLE TRIGGER ALL`)
    for (const statement of statements) {
      const { rowCount } = await admin.query(statement)
      // A test that changes nothing would prove nothing.
      if (!rowCount && !/^(ALTER|CREATE|DROP)/.test(statement))
        throw new Error(`nothing was done by: ${statement}`)
    }
    for (const table of ['ledger', 'batches'])
      await admin.query(`ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${table}_append_only`)
  } finally {
    await admin.end()
  }
}

const verify = async (query = '') =>
  (await sequencer.api.get(`/api/v1/audit/verify${query}`, { headers })).body

test('a ledger that nobody has touched fits, and the answer says how much was looked at', async () => {
  const { rows_per_second, seconds, ...report } = await verify()
  const [counted] = await queryAsAdmin<{ rows: string; batches: string; counters: string }>(
    database,
    `SELECT (SELECT count(*) FROM ledger) AS rows, (SELECT count(*) FROM batches) AS batches,
            (SELECT count(*) FROM counters) AS counters`,
  )
  expect(report).toEqual({
    fits: true,
    finding_count: 0,
    findings: [],
    rows: Number(counted!.rows),
    batches: Number(counted!.batches),
    counters: Number(counted!.counters),
  })
  expect(rows_per_second).toBeGreaterThan(0)
  expect(seconds).toBeGreaterThan(0)
})

// The rows of client-1 to client-5 are the last of SG, each in a batch of its own.
const last = (n: number) => `client_id = 'client-${n}'`
const valueOf = (n: number) => `(SELECT value FROM ledger WHERE client_id = 'client-${n}')`
const batchOf = (n: number) => `(SELECT batch FROM ledger WHERE client_id = 'client-${n}')`

test.each<[what: string, sql: string, kind: string, column: string | null]>([
  ['who it was for', `UPDATE ledger SET client_id = 'other' WHERE ${last(2)}`, 'altered', null],
  ['why', `UPDATE ledger SET reason = NULL WHERE ${last(2)}`, 'altered', null],
  ['the number', `UPDATE ledger SET number = 'SG999999' WHERE ${last(2)}`, 'altered', 'number'],
  ['the state', `UPDATE ledger SET state = 'void' WHERE ${last(2)}`, 'altered', 'state'],
  ['the event', `UPDATE ledger SET event = 'import' WHERE ${last(2)}`, 'altered', null],
  ['the time', `UPDATE ledger SET at = at - interval '1 day' WHERE ${last(2)}`, 'altered', 'at'],
  ['the value', `UPDATE ledger SET value = 5000, number = 'SG005000' WHERE ${last(2)}`, 'altered', 'value'],
  ['the position', `UPDATE ledger SET position = 2 WHERE ${last(2)}`, 'altered', 'position'],
])('an altered column is reported: %s', async (_, sql, kind, column) => {
  const [row] = await queryAsAdmin<{ batch: string; value: string }>(
    database,
    `SELECT batch, value FROM ledger WHERE ${last(2)}`,
  )
  await tamper(sql)
  const { fits, findings } = await verify()
  expect(fits).toBe(false)
  expect(findings[0]).toMatchObject({
    kind,
    column,
    prefix: 'SG',
    period: '',
    batch: Number(row!.batch),
    rows: 1,
  })
  if (column !== 'value') expect(findings[0].value).toBe(Number(row!.value))
})

test('of a request for several numbers, the row that differs from the others is reported', async () => {
  const where = `idempotency_key = 'key 4' AND item = 2`
  const [row] = await queryAsAdmin<{ value: string }>(database, `SELECT value FROM ledger WHERE ${where}`)
  await tamper(`UPDATE ledger SET client_id = 'other' WHERE ${where}`)
  expect((await verify()).findings).toEqual([
    expect.objectContaining({ kind: 'altered', column: 'client_id', value: Number(row!.value), rows: 1 }),
  ])
})

test.each([
  ['hash', `UPDATE batches SET hash = sha256('x') WHERE prefix = 'SG' AND batch = ${batchOf(2)}`],
  ['hash', `UPDATE batches SET hash = sha256('x') WHERE prefix = 'SG' AND batch = ${batchOf(5)}`],
  ['at', `UPDATE batches SET at = at - interval '1 s' WHERE prefix = 'SG' AND batch = ${batchOf(2)}`],
  [
    'number_head, number_width, number_tail',
    `UPDATE batches SET number_head = 'SX' WHERE prefix = 'SG' AND batch = ${batchOf(2)}`,
  ],
  ['feed', `UPDATE batches SET feed = 1 WHERE prefix = 'SG' AND batch = ${batchOf(2)}`],
])('an altered batch is reported: its %s', async (column, sql) => {
  await tamper(sql)
  const { findings } = await verify()
  expect(findings).toEqual([expect.objectContaining({ kind: 'altered', column, position: null })])
})

test('a row that was removed is reported, with its place and value', async () => {
  const [row] = await queryAsAdmin<{ value: string; batch: string; position: number }>(
    database,
    `SELECT value, batch, position FROM ledger WHERE idempotency_key = 'key 4' AND item = 2`,
  )
  await tamper(`DELETE FROM ledger WHERE idempotency_key = 'key 4' AND item = 2`)
  const { findings } = await verify()
  expect(findings[0]).toMatchObject({
    kind: 'missing',
    batch: Number(row!.batch),
    position: row!.position,
    value: Number(row!.value),
    rows: 1,
  })
})

test('a removed row is reported even if its batch says that there was none', async () => {
  const where = `idempotency_key = 'key 4' AND item = 2`
  const [row] = await queryAsAdmin<{ value: string; batch: string; position: number }>(
    database,
    `SELECT value, batch, position FROM ledger WHERE ${where}`,
  )
  await tamper(
    `DELETE FROM ledger WHERE ${where}`,
    `UPDATE ledger SET position = -position WHERE batch = ${row!.batch} AND prefix = 'SG' AND position > ${row!.position}`,
    `UPDATE ledger SET position = -position - 1 WHERE position < 0`,
    `UPDATE batches SET rows = rows - 1 WHERE batch = ${row!.batch} AND prefix = 'SG'`,
  )
  expect((await verify()).findings[0]).toMatchObject({ kind: 'missing', value: Number(row!.value), rows: 1 })
})

test('a batch that was removed with its rows is reported, with its values', async () => {
  const [row] = await queryAsAdmin<{ value: string; batch: string }>(
    database,
    `SELECT value, batch FROM ledger WHERE ${last(2)}`,
  )
  const removed = `prefix = 'SG' AND batch = ${row!.batch}`
  await tamper(`DELETE FROM ledger WHERE ${removed}`, `DELETE FROM batches WHERE ${removed}`)
  expect((await verify()).findings).toEqual([
    expect.objectContaining({
      kind: 'missing',
      batch: Number(row!.batch),
      value: Number(row!.value),
      rows: 1,
    }),
  ])
})

test('a row that nothing wrote is reported', async () => {
  await tamper(
    `INSERT INTO ledger (prefix, period, value, revision, event, state, number, batch, position, caller, idempotency_key, item, at)
     SELECT prefix, period, 777, 1, event, state, 'SG000777', batch, 2, caller, 'forged', 0, at FROM ledger WHERE ${last(2)}`,
  )
  expect((await verify()).findings[0]).toMatchObject({ kind: 'added', value: 777, number: 'SG000777' })
})

const exchange = (columns: string[], a: string, b: string) => [
  `CREATE TABLE kept AS SELECT * FROM ledger WHERE (${a}) OR (${b})`,
  `DELETE FROM ledger WHERE (${a}) OR (${b})`,
  `INSERT INTO ledger SELECT (jsonb_populate_record(one, to_jsonb(other) #- '{}' ||
     (SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(one)) WHERE key NOT IN ('${columns.join("','")}')))).*
   FROM kept one JOIN kept other ON one IS DISTINCT FROM other`,
  'DROP TABLE kept',
]
const requestColumns = ['caller', 'idempotency_key', 'client_id', 'generated_by', 'reason', 'request_id']

test.each<[string, string[], string, string]>([
  [
    'their values, within a batch',
    ['value', 'number'],
    `idempotency_key = 'key 4' AND item = 1`,
    `idempotency_key = 'key 4' AND item = 2`,
  ],
  ['their values, between batches', ['value', 'number'], last(2), last(4)],
  ['all that was asked, between batches', requestColumns, last(2), last(4)],
  ['whom they were for, between batches', ['client_id'], last(2), last(4)],
])('two rows that were swapped are reported as such: %s', async (_, columns, a, b) => {
  await tamper(...exchange(columns, a, b))
  const { findings } = await verify()
  expect(findings).toHaveLength(1)
  expect(findings[0]).toMatchObject({ kind: 'swapped', rows: 2 })
})

test('a tail that was cut off is reported, with the values', async () => {
  const cut = `prefix = 'SG' AND batch >= ${batchOf(4)}`
  const [{ value }] = (await queryAsAdmin<{ value: string }>(database, `SELECT ${valueOf(4)} AS value`)) as [
    { value: string },
  ]
  await tamper(`DELETE FROM batches WHERE ${cut}`, `DELETE FROM ledger WHERE ${cut}`)
  const { findings } = await verify()
  expect(findings).toEqual([expect.objectContaining({ kind: 'tail_cut', value: Number(value), rows: 2 })])
})

test('a tail is reported also if the batches are still there', async () => {
  await tamper(`DELETE FROM ledger WHERE prefix = 'SG' AND batch >= ${batchOf(4)}`)
  expect((await verify()).findings).toEqual([expect.objectContaining({ kind: 'tail_cut' })])
})

test.each([
  ['counter_behind', `UPDATE counters SET batch = batch - 1 WHERE prefix = 'SG'`],
  ['counter_behind', `DELETE FROM counters WHERE prefix = 'SG'`],
  ['tail_cut', `UPDATE counters SET batch = batch + 1 WHERE prefix = 'SG'`],
  ['rewritten', `UPDATE counters SET head = sha256('x') WHERE prefix = 'SG'`],
  ['derived', `UPDATE counters SET last_value = last_value + 1 WHERE prefix = 'SG'`],
  ['derived', `UPDATE counters SET last_value = last_value - 1 WHERE prefix = 'SG'`],
  ['derived', `UPDATE counters SET void = void + 1 WHERE prefix = 'SG'`],
  ['derived', `UPDATE counters SET free = free + 1 WHERE prefix = 'SG'`],
  ['derived', `DELETE FROM free_values WHERE value = (SELECT min(value) FROM free_values)`],
  ['derived', `INSERT INTO free_values VALUES ('SG', '', 1, 1)`],
  ['derived', `UPDATE free_values SET value = 1 WHERE value = 2`],
  ['derived', `DELETE FROM leases`],
  ['derived', `UPDATE leases SET expires_at = expires_at + interval '1 year'`],
  ['derived', `UPDATE site_usage SET issued = issued + 1 WHERE site_id = 'site-1'`],
  ['derived', `UPDATE site_usage SET released = released + 1 WHERE site_id = 'site-2'`],
  ['derived', `DELETE FROM site_usage WHERE site_id = 'site-2'`],
])('what does not follow from the ledger is reported: %s for %s', async (kind, sql) => {
  await tamper(sql)
  const { fits, findings } = await verify()
  expect(fits).toBe(false)
  expect(findings[0]).toMatchObject({ kind })
})

test('a step that was not allowed is reported, also if its batch and hash are right', async () => {
  // As a broken function of the database would write it: the last number is confirmed, and was never reserved.
  const [row] = await queryAsAdmin<{ value: string }>(database, `SELECT ${valueOf(5)} AS value`)
  await tamper(
    `CREATE OR REPLACE FUNCTION next_state(p_event text, p_state text, p_gap_policy text) RETURNS text
     LANGUAGE sql IMMUTABLE AS $$ SELECT 'issued' $$`,
  )
  const instance = createInstance(database.runtimeUrl)
  await instance.change({
    prefix: 'SG',
    period: '',
    value: Number(row!.value),
    number: `SG${String(row!.value).padStart(6, '0')}`,
    event: 'confirm',
    caller: 'x',
    request_id: 'r',
  })
  await instance.close()
  expect((await verify()).findings[0]).toMatchObject({
    kind: 'illegal_step',
    value: Number(row!.value),
    column: 'event',
  })
})

/** What only the owner of everything can do: another ledger, with all of its hashes, counters and counts. */
async function rewrite(): Promise<void> {
  await tamper(`UPDATE ledger SET client_id = 'a friend' WHERE ${last(3)}`)
  const admin = new Client(database.adminUrl)
  await admin.connect()
  await admin.query('ALTER TABLE batches DISABLE TRIGGER batches_append_only')
  await rechain(admin)
  await admin.query('ALTER TABLE batches ENABLE ALWAYS TRIGGER batches_append_only')
  await admin.end()
}

test('a ledger that was rewritten as a whole fits itself, and is caught by a checkpoint', async () => {
  const { body } = await sequencer.api.get('/api/v1/audit/checkpoints', { headers })
  const compare = async () =>
    (await sequencer.api.post('/api/v1/audit/verify', { checkpoint: body.checkpoint }, { headers })).body
  expect(await compare()).toMatchObject({ fits: true, heads: 4 })
  await sequencer.api.post('/api/v1/next/SG')
  // Later is not otherwise.
  expect(await compare()).toMatchObject({ fits: true })

  await rewrite()
  expect(await verify()).toMatchObject({ fits: true })
  expect(await compare()).toMatchObject({
    fits: false,
    findings: [{ kind: 'rewritten', prefix: 'SG', period: '' }],
  })
})

test('a tail that was cut off with its counter is caught by a checkpoint as well', async () => {
  const { body } = await sequencer.api.get('/api/v1/audit/checkpoints?prefix=SG', { headers })
  const cut = `prefix = 'SG' AND batch >= ${batchOf(4)}`
  await tamper(
    `UPDATE counters SET (batch, head, last_value, feed) =
       (SELECT b.batch, b.hash, ${valueOf(3)}, b.feed FROM batches b WHERE b.prefix = 'SG' AND b.batch = ${batchOf(4)} - 1)
     WHERE prefix = 'SG'`,
    `DELETE FROM batches WHERE ${cut}`,
    `DELETE FROM ledger WHERE ${cut}`,
  )
  expect(await verify()).toMatchObject({ fits: true })
  const { body: compared } = await sequencer.api.post(
    '/api/v1/audit/verify',
    { checkpoint: body.checkpoint },
    { headers },
  )
  expect(compared).toMatchObject({ fits: false, findings: [{ kind: 'tail_cut' }] })
})

test('since a batch, or a moment, only what came from then on is looked at', async () => {
  const [row] = await queryAsAdmin<{ batch: string; at: Date; rows: string }>(
    database,
    `SELECT batch, at, (SELECT count(*) FROM ledger WHERE prefix = 'SG' AND batch >= ${batchOf(3)}) AS rows
     FROM batches WHERE prefix = 'SG' AND batch = ${batchOf(3)}`,
  )
  // The driver cuts microseconds off, so that is a little before the batch.
  const at = row!.at.toISOString()
  await tamper(`UPDATE ledger SET client_id = 'other' WHERE client_id = 'erp'`)
  expect(await verify()).toMatchObject({ fits: false })
  expect(await verify(`?prefix=SG&since=${row!.batch}`)).toMatchObject({
    fits: true,
    rows: Number(row!.rows),
  })
  expect((await verify(`?prefix=SG&since=${at}`)).fits).toBe(true)
  expect(await verify('?prefix=INV&period=2019')).toMatchObject({ fits: true, rows: 1, counters: 1 })
  await tamper(`UPDATE ledger SET client_id = 'other' WHERE ${last(4)}`)
  expect(await verify(`?prefix=SG&since=${row!.batch}`)).toMatchObject({
    fits: false,
    findings: [{ kind: 'altered' }],
  })
})
