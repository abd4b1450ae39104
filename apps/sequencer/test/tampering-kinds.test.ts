import { Readable } from 'node:stream'
import { readSigningKey, verifyExport, type Finding } from '@ordinal/audit'
import { createPool } from '@ordinal/database'
import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import { Client } from 'pg'
import { createCheckpoints } from '../src/ledger/checkpoints'
import { exportLedger } from '../src/ledger/export'
import { compareSchema, schemaOfBuild } from '../src/ledger/schema'
import { verifyLedger } from '../src/ledger/verify'
import { writeLedger } from './ledger-of-all-kinds'
import { createLedgerDatabase } from './sequencer'
import { newSigningKey } from './signing-key'
import { alterations, forgeries, rechain, rewritings, schemaChanges, type Tampering } from './tampering-kinds'
import { join } from 'node:path'

const key = readSigningKey(newSigningKey())
const schema = schemaOfBuild(join(__dirname, '../src'))
if (!schema) throw new Error('There are migrations that verify does not know yet: make schema')
let template: TestDatabase & { runtimeUrl: string }
let checkpoint: string

const poolOf = (url: string) =>
  createPool({
    url,
    applicationName: 'test',
    maxConnections: 2,
    connectTimeoutMs: 2000,
    useTimeoutMs: 60_000,
    statementTimeoutMs: 10_000,
    onError: () => {},
  })

beforeAll(async () => {
  template = await createLedgerDatabase()
  await writeLedger(template.runtimeUrl)
  const pool = poolOf(template.runtimeUrl)
  checkpoint = (await createCheckpoints(pool, key).sign({})).signed
  await pool.end()
})
afterAll(() => template.drop())

/** What is found by the database's verification, by that of an export, and by the checkpoint. */
async function findingsAfter({ sql, rechain: anew }: Pick<Tampering, 'sql' | 'rechain'>) {
  const database = await createTestDatabase({ template: template.name })
  try {
    const admin = new Client(database.adminUrl)
    await admin.connect()
    try {
      await admin.query('SET session_replication_role = replica')
      const always = await admin.query<{ name: string; table: string; enabled: string }>(
        `SELECT tgname AS name, tgrelid::regclass::text AS table FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE '%append_only'`,
      )
      for (const { name, table } of always.rows)
        await admin.query(`ALTER TABLE ${table} DISABLE TRIGGER ${name}`)
      const changesSchema = sql.some((text) => /^(ALTER TABLE \w+ (EN|DIS)ABLE|CREATE|DROP)/.test(text))
      if (!changesSchema) for (const text of sql) await effective(admin, text)
      if (anew) await rechain(admin)
      for (const { name, table } of always.rows)
        await admin.query(`ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${name}`)
      if (changesSchema) for (const text of sql) await effective(admin, text)
    } finally {
      await admin.end()
    }
    const url = new URL(template.runtimeUrl)
    url.pathname = database.name
    const pool = poolOf(url.href)
    try {
      const online = await verifyLedger(pool, schema, {}, new AbortController().signal)
      const compared = await createCheckpoints(pool, key).compare(checkpoint)
      const lines: string[] = []
      for await (const piece of exportLedger(pool, 'ndjson', {})) lines.push(...piece.split('\n'))
      const offline = await verifyExport(Readable.from(lines) as AsyncIterable<string>)
      return { online: online.findings, compared: compared.findings, offline: offline.findings }
    } finally {
      await pool.end()
    }
  } finally {
    await database.drop()
  }
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
  const work = async () => {
    for (let tampering = waiting.shift(); tampering; tampering = waiting.shift()) await look(tampering)
  }
  const look = async (tampering: Tampering) => {
    const { online, compared, offline } = await findingsAfter(tampering)
    const all = [...online, ...compared, ...offline]
    const isNamed = ({ kind, detail, object, prefix, period }: Finding) =>
      tampering.kinds.includes(kind) && tampering.names.test(`${object} ${detail} ${prefix} ${period}`)
    if (!all.some(isNamed))
      faults.push({ what: tampering.what, all: all.map(({ kind, detail }) => `${kind}: ${detail}`) })
  }
  await Promise.all([work(), work(), work()])
  return faults
}

async function asAdmin<T>(work: (db: Client) => Promise<T>): Promise<T> {
  const admin = new Client(template.adminUrl)
  await admin.connect()
  return work(admin).finally(() => admin.end())
}

test('what nobody has touched is found to fit, by each verification', async () => {
  expect(await findingsAfter({ sql: [] })).toEqual({ online: [], compared: [], offline: [] })
})

test('each column of each table altered, and a row of each removed, is found and named', async () => {
  const tamperings = await asAdmin(alterations)
  expect(tamperings.length).toBeGreaterThan(90)
  expect(await unnamed(tamperings)).toEqual([])
}, 240_000)

test('what was put in, moved or exchanged is found and named', async () => {
  expect(await unnamed(forgeries)).toEqual([])
}, 120_000)

test('what was dated otherwise or rewritten with all its hashes is found, at last by the checkpoint', async () => {
  expect(await unnamed(rewritings)).toEqual([])
}, 120_000)

test('each trigger, function, constraint and right that is not that of the build is found and named', async () => {
  const service = new URL(template.runtimeUrl).username
  const tamperings = await asAdmin((db) => schemaChanges(db, service))
  expect(tamperings.length).toBeGreaterThan(60)
  const [first, ...others] = tamperings
  expect(await unnamed([first!])).toEqual([])
  // The others are looked at in a transaction that is rolled back, which takes a tenth of the time.
  const faults: object[] = []
  await asAdmin(async (db) => {
    for (const { what, sql, names } of others) {
      await db.query('BEGIN')
      for (const text of sql) await effective(db, text)
      await db.query(`SET LOCAL ROLE "${service}"`)
      const findings = await compareSchema(db, schema)
      await db.query('ROLLBACK')
      if (!findings.some(({ object, detail }) => names.test(`${object} ${detail}`)))
        faults.push({ what, all: findings.map(({ detail }) => detail) })
    }
  })
  expect(faults).toEqual([])
}, 120_000)
