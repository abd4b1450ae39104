import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createRepository, removeRepositories, type Repository } from './stack'
import { databaseUrl, postgresUrl, query } from './state'

let repository: Repository
let output: string
const urls: Record<string, string> = {}

beforeAll(async () => {
  repository = await createRepository()
  const stack = repository.run()
  await stack.printed('Ordinal runs.')
  output = stack.output()
  const variables: [string, string][] = [
    ['user-service', 'USER_SERVICE_DATABASE_URL'],
    ['order-service', 'ORDER_SERVICE_DATABASE_URL'],
    ['sequencer', 'SEQUENCER_DATABASE_URL'],
    ['sequencer', 'SEQUENCER_MIGRATION_DATABASE_URL'],
  ]
  for (const [service, variable] of variables)
    urls[variable] = await databaseUrl(repository, service, variable)
})
afterAll(removeRepositories)

test.each(['USER_SERVICE', 'ORDER_SERVICE', 'SEQUENCER_MIGRATION'])(
  'the role of %s can migrate its database',
  async (name) => {
    const url = urls[`${name}_DATABASE_URL`]!
    await query(url, 'CREATE TABLE things (id int)')
    await query(url, 'CREATE SCHEMA other')
  },
)

test('the role that the sequencer runs as can create nothing, and touch nothing it is not granted', async () => {
  const url = urls.SEQUENCER_DATABASE_URL!
  await query(urls.SEQUENCER_MIGRATION_DATABASE_URL!, 'CREATE TABLE ledger (value int)')
  for (const sql of [
    'CREATE TABLE mine (id int)',
    'CREATE TEMP TABLE ledger (value int)',
    'CREATE SCHEMA mine',
    'SELECT * FROM ledger',
    'CREATE DATABASE mine',
    'CREATE ROLE mine',
    'SET ROLE sequencer_owner',
  ]) {
    await expect(query(url, sql)).rejects.toThrow(/permission denied/)
  }
  await query(urls.SEQUENCER_MIGRATION_DATABASE_URL!, 'GRANT SELECT ON ledger TO sequencer')
  expect(await query(url, 'SELECT * FROM ledger')).toEqual([])
})

test('no role is superuser, and none gets into the database of another', async () => {
  const superusers = await query(postgresUrl(output), 'SELECT rolname::text FROM pg_roles WHERE rolsuper')
  expect(superusers).toEqual([{ rolname: 'postgres' }])
  const foreign = new URL(urls.ORDER_SERVICE_DATABASE_URL!)
  foreign.pathname = 'userdb'
  await expect(query(foreign.href, 'SELECT 1')).rejects.toThrow(/permission denied for database/)
})

test('the passwords are in a file that only its owner may read', async () => {
  const { mode } = await stat(join(repository.root, '.data/passwords.json'))
  expect(mode & 0o777).toBe(0o600)
})
