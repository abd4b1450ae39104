import { Readable } from 'node:stream'
import { readSigningKey, verifyExport, type Finding } from '@ordinal/audit'
import { createPool } from '@ordinal/database'
import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import { Client } from 'pg'
import { createCheckpoints } from '../src/audit/checkpoints'
import { exportLedger } from '../src/audit/export'
import { compareSchema, schemaOfBuild } from '../src/audit/schema'
import { verifyLedger } from '../src/audit/verify'
import { writeLedger, writeReuse, writeTwin } from './ledger-of-all-kinds'
import { createLedgerDatabase } from './sequencer'
import { newSigningKey } from './signing-key'
import { alterations, extremes, forgeries, rewritings, unruly, type Tampering } from './tampering-kinds'
import { rechain, rechainRegister } from './rechain'
import { schemaChanges } from './schema-changes'
import { join } from 'node:path'

const key = readSigningKey(newSigningKey())
const schema = schemaOfBuild(join(__dirname, '../src'))
if (!schema) throw new Error('There are migrations that verify does not know yet: make schema')
let template: TestDatabase & { runtimeUrl: string }
let ledgers: Ledger[]
let checkpoint: string

const poolOf = (url: string) =>
  createPool({
    url,
    applicationName: 'test',
    maxConnections: 1,
    connectTimeoutMs: 30_000,
    useTimeoutMs: 60_000,
    statementTimeoutMs: 60_000,
    onError: () => {},
  })

beforeAll(async () => {
  template = await createLedgerDatabase({ roleOfItsOwn: true })
  await writeTwin(template.runtimeUrl)
  await writeLedger(template.runtimeUrl)
  await writeReuse(template.runtimeUrl)
  const pool = poolOf(template.runtimeUrl)
  checkpoint = (await createCheckpoints(pool, key).sign({})).signed
  await pool.end()
  ledgers = [await openLedger(), await openLedger()]
})
afterAll(async () => {
  for (const ledger of ledgers) await ledger.close()
  await template.drop()
})

type Ledger = Awaited<ReturnType<typeof openLedger>>

/** A copy of the ledger, to be tampered with over and over: it is put back each time, which a new copy takes ten times as long for. */
async function openLedger() {
  const database = await createTestDatabase({ template: template.name })
  const admin = new Client(database.adminUrl)
  await admin.connect()
  const { rows: tables } = await admin.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> '_prisma_migrations'`,
  )
  const { rows: triggers } = await admin.query<{ name: string; table: string }>(
    `SELECT tgname AS name, tgrelid::regclass::text AS table FROM pg_trigger WHERE NOT tgisinternal`,
  )
  const ofTables = (statement: (name: string) => string) =>
    tables.map(({ name }) => statement(name)).join(';')
  const ofTriggers = (how: string) =>
    triggers.map(({ name, table }) => `ALTER TABLE ${table} ${how} TRIGGER ${name}`).join(';')
  await admin.query(`CREATE SCHEMA kept; ${ofTables((name) => `CREATE TABLE kept.${name} AS TABLE ${name}`)}`)
  const url = new URL(template.runtimeUrl)
  url.pathname = database.name
  const pool = poolOf(url.href)

  return {
    pool,
    /** Puts the ledger back, and does to it what is to be found. */
    async tamper({ sql, rechain: anew, rechainRegister: registerAnew }: Change) {
      await admin.query(`ROLLBACK; BEGIN; ${ofTriggers('DISABLE')}; TRUNCATE ${tables.map(({ name }) => name).join()};
        ${ofTables((name) => `INSERT INTO ${name} SELECT * FROM kept.${name}`)}`)
      for (const text of sql) await effective(admin, text)
      if (anew) await rechain(admin)
      if (registerAnew) await rechainRegister(admin)
      await admin.query(`${ofTriggers('ENABLE ALWAYS')}; COMMIT`)
    },
    async close() {
      await pool.end()
      await admin.end()
      await database.drop()
    },
  }
}

type Change = Pick<Tampering, 'sql' | 'rechain' | 'rechainRegister'>

/** What is found by the database's verification, by that of an export, and by the checkpoint. */
async function findingsAfter(ledger: Ledger, change: Change) {
  await ledger.tamper(change)
  const online = await verifyLedger(ledger.pool, schema, {}, new AbortController().signal)
  const compared = await createCheckpoints(ledger.pool, key).compare(checkpoint)
  const lines: string[] = []
  for await (const piece of exportLedger(ledger.pool, 'ndjson', {})) lines.push(...piece.split('\n'))
  const offline = await verifyExport(Readable.from(lines) as AsyncIterable<string>)
  return { online: online.findings, compared: compared.findings, offline: offline.findings }
}

/** A tampering that changes nothing would prove nothing. */
async function effective(admin: Client, sql: string): Promise<void> {
  const { rowCount, command } = await admin.query(sql)
  if (['UPDATE', 'INSERT', 'DELETE'].includes(command) && !rowCount)
    throw new Error(`nothing was done by: ${sql}`)
}

/** What of some tamperings was not found, or not named as what it is. */
async function unnamed(tamperings: readonly Tampering[]) {
  const faults: object[] = []
  const waiting = [...tamperings]
  const work = async (ledger: Ledger) => {
    for (let tampering = waiting.shift(); tampering; tampering = waiting.shift())
      await look(ledger, tampering)
  }
  const look = async (ledger: Ledger, tampering: Tampering) => {
    const { online, compared, offline } = await findingsAfter(ledger, tampering)
    const all = [...online, ...compared, ...offline]
    const isNamed = ({ kind, detail, object, prefix, period }: Finding) =>
      tampering.kinds.includes(kind) && tampering.names.test(`${object} ${detail} ${prefix} ${period}`)
    if (!all.some(isNamed))
      faults.push({ what: tampering.what, all: all.map(({ kind, detail }) => `${kind}: ${detail}`) })
  }
  await Promise.all(ledgers.map(work))
  return faults
}

async function asAdmin<T>(work: (db: Client) => Promise<T>): Promise<T> {
  const admin = new Client(template.adminUrl)
  await admin.connect()
  return work(admin).finally(() => admin.end())
}

test('what nobody has touched is found to fit, by each verification', async () => {
  expect(await findingsAfter(ledgers[0]!, { sql: [] })).toEqual({ online: [], compared: [], offline: [] })
})

test('each column of each table altered, and a row of each removed, is found and named', async () => {
  const tamperings = await asAdmin(alterations)
  expect(tamperings.length).toBeGreaterThan(120)
  expect(await unnamed(tamperings)).toEqual([])
}, 240_000)

test('what no number or date can hold is found and named, and ends no verification', async () => {
  const tamperings = await asAdmin(extremes)
  expect(tamperings.length).toBeGreaterThan(40)
  expect(await unnamed(tamperings)).toEqual([])
}, 240_000)

test('what was put in, moved or exchanged is found and named', async () => {
  expect(await unnamed(forgeries)).toEqual([])
})

test('what does not follow from the rules is found and named, though all hashes were computed again', async () => {
  expect(await unnamed(unruly)).toEqual([])
})

test('what was dated otherwise or rewritten with all its hashes is found, at last by the checkpoint', async () => {
  expect(await unnamed(rewritings)).toEqual([])
})

test('each trigger, function, constraint and right that is not that of the build is found and named', async () => {
  const service = new URL(template.runtimeUrl).username
  const tamperings = await asAdmin((db) => schemaChanges(db, service))
  expect(tamperings.length).toBeGreaterThan(100)
  // Each is looked at in a transaction that is rolled back.
  const faults: object[] = []
  await asAdmin(async (db) => {
    for (const { what, sql, names } of tamperings) {
      await db.query('BEGIN')
      for (const text of sql) await effective(db, text)
      await db.query(`SET LOCAL ROLE "${service}"`)
      const findings = await compareSchema(db, { ...schema, mayOwn: false })
      await db.query('ROLLBACK')
      if (!findings.some(({ object, detail }) => names.test(`${object} ${detail}`)))
        faults.push({ what, all: findings.map(({ detail }) => detail) })
    }
  })
  expect(faults).toEqual([])
})
