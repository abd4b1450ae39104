import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { readCatalog } from '../src/audit/queries/catalog'
import build from '../src/audit/schema.json'
import { digestOf, migrationsIn } from '../src/audit/schema'
import { createLedgerDatabase, queryAsAdmin, startSequencer } from './sequencer'
import { bearer, secret } from './tokens'

const file = join(__dirname, '../src/audit/schema.json')

test('the schema that verify compares with is that of the migrations (if not: make schema)', async () => {
  const database = await createLedgerDatabase({ roleOfItsOwn: true })
  const service = new Client(database.runtimeUrl)
  await service.connect()
  await service.query('BEGIN')
  const catalog = await readCatalog(service)
  await service.end()
  await database.drop()
  const made = {
    migrations: migrationsIn(join(__dirname, '../prisma/migrations')),
    objects: Object.fromEntries(catalog.map(({ object, definition }) => [object, digestOf(definition)])),
  }
  if (process.env.ORDINAL_WRITE_SCHEMA) writeFileSync(file, `${JSON.stringify(made, undefined, 2)}\n`)
  else expect(build).toEqual(made)
})

test('every unique key of what belongs to a sequence contains its prefix, by which it can be spread over servers', async () => {
  const database = await createLedgerDatabase()
  const keys = await queryAsAdmin<{ relation: string; key: string; spreads: boolean }>(
    database,
    `SELECT t.relname AS relation, i.indexrelid::regclass AS key,
       EXISTS (SELECT FROM pg_attribute a
               WHERE a.attrelid = t.oid AND a.attname = 'prefix' AND a.attnum = ANY (i.indkey)) AS spreads
     FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
     WHERE i.indisunique AND EXISTS (
       SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'prefix' AND NOT a.attisdropped)`,
  )
  await database.drop()
  const relations = new Set(keys.map(({ relation }) => relation))
  for (const one of ['ledger', 'batches', 'counters', 'leases', 'free_values', 'frames'])
    expect(relations).toContain(one)
  // The register is of all sequences, in one order.
  expect(keys.filter(({ relation, spreads }) => !spreads && relation !== 'register')).toEqual([])
})

describe('soon after its start', () => {
  async function warningsOf(
    sql: (role: string) => string,
  ): Promise<{ warnings: string[]; findings: object[] }> {
    const database = await createLedgerDatabase({ roleOfItsOwn: true })
    await queryAsAdmin(database, sql(new URL(database.runtimeUrl).username))
    const sequencer = await startSequencer(database, { JWT_SECRET: secret })
    const headers = await bearer('viewer')
    // The timer of the service is older: when this one ends, the service has begun to compare, and ends it before it stops.
    await delay(1_000)
    const { body } = await sequencer.api.get('/api/v1/audit/verify', { headers })
    await sequencer.stop()
    await database.drop()
    return {
      warnings: sequencer.lines.filter((line) => line.includes('"level":"warn"')),
      findings: body.findings,
    }
  }

  test('the service warns in one line of a schema that is not that of the build, and verify names it', async () => {
    const { warnings, findings } = await warningsOf(
      () => `ALTER TABLE ledger DISABLE TRIGGER ledger_append_only; ALTER TABLE ledger ADD COLUMN extra text`,
    )
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(
      /trigger ledger_append_only on ledger is disabled.*, and 1 more\. GET \/api\/v1\/audit\/verify .*docs\/audit\.md/,
    )
    expect(findings).toMatchObject([
      { kind: 'schema', object: 'trigger ledger_append_only on ledger' },
      { kind: 'schema', object: 'column ledger.extra' },
    ])
  })

  test('and of a role that was made the owner, though another migrates', async () => {
    const { warnings, findings } = await warningsOf((role) => `ALTER TABLE ledger OWNER TO "${role}"`)
    expect(warnings.join()).toMatch(/may do all that the owner of the ledger may/)
    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'schema', object: 'rights of the service' }),
    )
  })

  test('it says nothing of a schema that is that of the build', async () => {
    expect(await warningsOf(() => 'SELECT 1')).toEqual({ warnings: [], findings: [] })
  })
})
