import { Pool } from 'pg'
import { createTestDatabase, createTestRole, until, type TestDatabase } from '@ordinal/testing'
import { migrateUsers } from '../src/app'
import { configFor, startUserService } from './user-service'

let database: TestDatabase
let admin: Pool
beforeEach(async () => {
  database = await createTestDatabase()
  admin = new Pool({ connectionString: database.adminUrl })
})
afterEach(async () => {
  await admin.end()
  await database.drop()
})

const notice = 'searches read all users: pg_trgm is missing, or the index that it makes'

/** A role that may make tables, and no extension. */
async function roleWithoutExtensions() {
  const role = await createTestRole(database)
  await admin.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${role.name}`)
  return role
}

const indexState = async () => {
  const { rows } = await admin.query<{ valid: boolean }>(
    `SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass('users_search_idx')`,
  )
  return rows[0]?.valid
}

/** Starts a service, searches, and gives what it finds and what its log says of searches. */
async function search(url: string) {
  const { service, logged, api } = await startUserService({ url })
  await api.post('/api/v1/users', { email: 'ada@example.com', name: 'Ada Lovelace', age: 36 })
  const { body } = await api.get('/api/v1/users?search=LOVE')
  const found = (body.data as { name: string }[]).map(({ name }) => name)
  // The notice comes a second after the start.
  const notices = () => logged.of(notice)
  return { service, found, notices }
}

test('without the right to create pg_trgm searches find the same, and the log says so in one line', async () => {
  const role = await roleWithoutExtensions()
  await migrateUsers(configFor(role.url))
  await migrateUsers(configFor(role.url))
  const { service, found, notices } = await search(role.url)
  await until(() => Promise.resolve(notices().length > 0))
  expect([found, notices().length, await indexState()]).toEqual([['Ada Lovelace'], 1, undefined])
  expect(notices()[0]).toMatchObject({
    level: 'warn',
    remedy: expect.stringContaining('CREATE EXTENSION') as string,
  })
  await service.stop()
})

test('once somebody has created the extension, in whichever schema, the next start builds the index', async () => {
  const role = await roleWithoutExtensions()
  await migrateUsers(configFor(role.url))
  await admin.query('CREATE SCHEMA extensions; CREATE EXTENSION pg_trgm SCHEMA extensions')
  await admin.query('GRANT USAGE ON SCHEMA extensions TO PUBLIC')
  await migrateUsers(configFor(role.url))
  const { service, found } = await search(role.url)
  expect([found, await indexState()]).toEqual([['Ada Lovelace'], true])
  await service.stop()
})

test('an index that was cut short while it was built is built again', async () => {
  await migrateUsers(configFor(database.url))
  await admin.query(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'users_search_idx'::regclass`)
  await migrateUsers(configFor(database.url))
  expect(await indexState()).toBe(true)
})

test('a role that may not alter the table starts without the index', async () => {
  await migrateUsers(configFor(database.url))
  await admin.query('DROP INDEX users_search_idx')
  const role = await createTestRole(database)
  await admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role.name};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role.name}`)
  await migrateUsers(configFor(role.url))
  const { service, found } = await search(role.url)
  expect([found, await indexState()]).toEqual([['Ada Lovelace'], undefined])
  await service.stop()
})

test('while the index is built users are written, and an instance that starts does not wait', async () => {
  await migrateUsers(configFor(database.url))
  await admin.query('DROP INDEX users_search_idx')
  // The building waits for the end of every transaction that has written users.
  const writer = await admin.connect()
  await writer.query(`BEGIN; INSERT INTO users (email, name, age) VALUES ('slow@example.com', 'Slow', 1)`)
  let built = false
  const building = migrateUsers(configFor(database.url)).then(() => (built = true))
  const underWay = 'SELECT FROM pg_stat_progress_create_index WHERE relid = $1::regclass'
  await until(async () => (await admin.query(underWay, ['users'])).rowCount === 1)

  await migrateUsers(configFor(database.url))
  const { service, found } = await search(database.url)
  expect([found, built]).toEqual([['Ada Lovelace'], false])
  await writer.query('COMMIT')
  writer.release()
  await building
  expect(await indexState()).toBe(true)
  await service.stop()
})
