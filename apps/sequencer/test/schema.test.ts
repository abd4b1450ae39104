import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { readCatalog } from '../src/ledger/catalog'
import build from '../src/ledger/schema.json'
import { digestOf, migrationsIn } from '../src/ledger/schema'
import { createLedgerDatabase } from './sequencer'

const file = join(__dirname, '../src/ledger/schema.json')

test('the schema that verify compares with is that of the migrations (if not: make schema)', async () => {
  const database = await createLedgerDatabase()
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
