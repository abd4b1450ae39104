import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { createTestDatabase, createTestRole, createTestTemplate } from '../src'
import { query } from './query'

test('a test database is owned by a role that is no superuser', async () => {
  const database = await createTestDatabase()
  const [row] = await query(
    database.url,
    `SELECT current_database() AS name, current_user AS owner, rolsuper FROM pg_roles WHERE rolname = current_user`,
  )
  expect(row).toEqual({ name: database.name, owner: database.owner, rolsuper: false })
  expect(await query(database.adminUrl, 'SELECT current_user::text AS me')).toEqual([{ me: 'postgres' }])
  await database.drop()
})

const unlessConfigured = process.env.TEST_POSTGRES_SETTINGS ? test.skip : test
unlessConfigured('the server keeps what it acknowledges: fsync is on', async () => {
  const database = await createTestDatabase()
  expect(await query(database.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }])
  expect(await query(database.url, 'SHOW synchronous_commit')).toEqual([{ synchronous_commit: 'on' }])
  await database.drop()
})

test('a named owner is made once and owns every database it is asked for', async () => {
  const owner = `owner_${randomUUID()}`
  const databases = await Promise.all([1, 2].map(() => createTestDatabase({ owner })))
  for (const database of databases) {
    expect(await query(database.url, 'SELECT current_user::text AS me')).toEqual([{ me: owner }])
    await database.drop()
  }
})

test('a template is prepared once, and each clone starts from it alone', async () => {
  const prepare = jest.fn(async ({ url }: { url: string }) => {
    await query(url, 'CREATE TABLE things (name text); ')
    await query(url, `INSERT INTO things VALUES ('from the template')`)
  })
  const name = `template_${randomUUID()}`
  const [template] = await Promise.all([1, 2, 3].map(() => createTestTemplate(name, prepare)))
  expect(prepare).toHaveBeenCalledTimes(1)

  const [one, other] = await Promise.all([1, 2].map(() => createTestDatabase({ template })))
  await query(one!.url, `INSERT INTO things VALUES ('mine')`)
  expect(await query(one!.url, 'SELECT count(*)::int AS n FROM things')).toEqual([{ n: 2 }])
  expect(await query(other!.url, 'SELECT count(*)::int AS n FROM things')).toEqual([{ n: 1 }])
  await one!.drop()
  await other!.drop()
})

test('a template whose preparation failed is prepared again by the next', async () => {
  const name = `template_${randomUUID()}`
  await expect(createTestTemplate(name, () => Promise.reject(new Error('bad migration')))).rejects.toThrow(
    'bad migration',
  )
  const prepare = jest.fn(() => Promise.resolve())
  await createTestTemplate(name, prepare)
  expect(prepare).toHaveBeenCalledTimes(1)
})

test('a test role may connect, sees only what it is granted, and goes with the database', async () => {
  const database = await createTestDatabase()
  const role = await createTestRole(database)
  await query(database.url, 'CREATE TABLE secrets (name text)')
  await expect(query(role.url, 'SELECT * FROM secrets')).rejects.toThrow('permission denied')
  await query(database.url, `GRANT SELECT ON secrets TO "${role.name}"`)
  expect(await query(role.url, 'SELECT * FROM secrets')).toEqual([])

  await database.drop()
  const other = await createTestDatabase()
  expect(await query(other.url, 'SELECT 1 FROM pg_roles WHERE rolname = $1', [role.name])).toEqual([])
  await other.drop()
})

test('drop names the connections that the tests left open, and drops the database all the same', async () => {
  const database = await createTestDatabase()
  const leak = new Client({ connectionString: database.url, application_name: 'forgetful' })
  leak.on('error', () => {})
  await leak.connect()
  const { rows } = await leak.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')

  const dropped = database.drop()
  await expect(dropped).rejects.toThrow(`pid ${rows[0]!.pid}`)
  await expect(dropped).rejects.toThrow('forgetful')
  await expect(query(database.url, 'SELECT 1')).rejects.toThrow()
  await leak.end()
})
