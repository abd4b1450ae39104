import { readFileSync } from 'node:fs'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool } from 'pg'
import { migrate } from '@ordinal/database'
import { fingerprintOf } from '@ordinal/idempotency'
import { createTestDatabase, tableShapes, until, type TestDatabase } from '@ordinal/testing'
import { migrateUsers } from '../src/app'
import { configFor, startUserService } from './user-service'

const migrations = join(__dirname, '../prisma/migrations')
const oneShape = '20261129010000_one_shape_of_idempotency_records'
const emailKeys = '20261129020000_email_keys'
const versions = '20261129030000_versions'

let database: TestDatabase
let pool: Pool
beforeEach(async () => {
  database = await createTestDatabase()
  pool = new Pool({ connectionString: database.url })
})
afterEach(async () => {
  await pool.end()
  await database.drop()
})

const query = async (sql: string, values?: unknown[]) =>
  (await pool.query<Record<string, unknown>>(sql, values)).rows

/** Brings the database to the schema before a migration. */
async function migrateBefore(migration: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ordinal-users-'))
  for (const name of await readdir(migrations))
    if (name < migration) await cp(join(migrations, name), join(folder, name), { recursive: true })
  await migrate({ url: database.url, folder })
  await rm(folder, { recursive: true })
}

test('a key that an earlier release recorded is replayed after the upgrade, and kept for its time', async () => {
  await migrateBefore(oneShape)
  const user = { email: 'ada@example.com', name: 'Ada', age: 36 }
  const now = new Date().toISOString()
  const answer = { id: 1, ...user, active: true, created_at: now, updated_at: now }
  await pool.query(
    `INSERT INTO idempotency_records (caller, key, fingerprint, answer, created_at)
     VALUES ('anonymous', 'young', $1, $2, now() - interval '29 days'), ('anonymous', 'old', $1, $2, now() - interval '31 days')`,
    [fingerprintOf(user), JSON.stringify(answer)],
  )
  await migrateUsers(configFor(database.url))

  const { api, service } = await startUserService(database)
  const { status, headers, body } = await api.post('/api/v1/users', user, {
    headers: { 'idempotency-key': 'young' },
  })
  expect([status, headers.get('idempotency-replayed'), headers.get('etag'), body]).toEqual([
    201,
    'true',
    '"1"',
    { ...answer, version: 1 },
  ])
  const keys = async () => (await pool.query<{ key: string }>('SELECT key FROM idempotency_records')).rows
  await until(async () => (await keys()).length === 1)
  expect(await keys()).toEqual([{ key: 'young' }])
  await service.stop()
})

test('addresses that an earlier release writes, before the upgrade and during it, stay unique', async () => {
  await migrateBefore(emailKeys)
  const insert = (email: string) =>
    query('INSERT INTO users (email, name, age) VALUES ($1, $2, 36)', [email, 'Ada'])
  await insert('Before@Example.com')
  await query('UPDATE users SET deleted_at = now()')
  await insert('before@example.com')
  await migrateUsers(configFor(database.url))
  await insert('During@Example.com')
  await query("UPDATE users SET email = 'Moved@Example.com' WHERE email = 'before@example.com'")

  const { api, service } = await startUserService(database)
  const create = async (email: string) =>
    (await api.post('/api/v1/users', { email, name: 'A', age: 1 })).status
  expect(await create('DURING@example.com')).toBe(409)
  expect(await create('moved@example.com')).toBe(409)
  expect(await create('BEFORE@example.com')).toBe(201)
  await expect(insert('Before@example.com')).rejects.toMatchObject({ code: '23505' })
  await service.stop()
})

test('a user of an earlier release is at version 1, and its changes during the upgrade are counted', async () => {
  await migrateBefore(versions)
  await query("INSERT INTO users (email, name, age) VALUES ('ada@example.com', 'Ada', 36)")
  await migrateUsers(configFor(database.url))
  const { api, service } = await startUserService(database)
  const { headers } = await api.get('/api/v1/users/1')
  expect(headers.get('etag')).toBe('"1"')
  // As the earlier release does, which does not know of versions.
  await query('UPDATE users SET age = 37, updated_at = now() WHERE id = 1')
  const { status, body } = await api.patch('/api/v1/users/1', { age: 40 }, { headers: { 'if-match': '"1"' } })
  expect([status, body.detail]).toEqual([412, 'User 1 is at version 2; its ETag is "2"'])
  await service.stop()
})

test.each(['idempotency', 'list-totals'])(
  'the tables of libs/%s have the shape that it has for all services',
  async (library) => {
    await migrateUsers(configFor(database.url))
    const schema = readFileSync(join(__dirname, '../../../libs', library, 'schema.sql'), 'utf8')
    const { wanted, found } = await tableShapes(query, schema)
    expect(found.columns).toEqual(wanted.columns)
    expect(found.rules).toEqual(expect.arrayContaining(wanted.rules))
  },
)
