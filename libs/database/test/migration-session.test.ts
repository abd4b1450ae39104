import { createServer, connect, type AddressInfo } from 'node:net'
import { createTestDatabase, startTestPostgres, until, type TestDatabase } from '@ordinal/testing'
import { Client } from 'pg'
import { migrate, MigrationError } from '../src'
import { migrationsFolder } from './migrations-folder'

const folder = migrationsFolder({
  '20260101000000_users': 'CREATE TABLE users AS SELECT 1 AS id FROM pg_sleep(0.3);',
  '20260201000000_index': 'CREATE INDEX CONCURRENTLY ON users ((1));',
  '20260301000000_orders': 'CREATE TABLE orders (id int);',
})
let database: TestDatabase

beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.drop())
afterAll(() => folder.remove())

async function connectClient(url: string) {
  const client = new Client(url)
  await client.connect()
  return client
}

test('a URL that cannot be connected to is an error, and not the end of the process', async () => {
  const url = new URL(database.url)
  url.searchParams.set('port', '99999')
  await expect(migrate({ url: url.href, folder: folder.path })).rejects.toThrow('99999')
})

describe('a table that somebody holds', () => {
  const locking = migrationsFolder({ '20260401000000_name': 'ALTER TABLE users ADD COLUMN name text;' })
  afterAll(() => locking.remove())

  async function holdUsers(mode: string) {
    const holder = await connectClient(database.url)
    await holder.query('CREATE TABLE users (id int)')
    await holder.query(`BEGIN; LOCK TABLE users IN ${mode} MODE`)
    return holder
  }

  test('holds up a migration for as long as it may, which is then as if it had never begun', async () => {
    const holder = await holdUsers('ACCESS SHARE')
    const migrateUsers = () => migrate({ url: database.url, folder: locking.path, tableLockMs: 200 })
    await expect(migrateUsers()).rejects.toThrow(
      'Migration 20260401000000_name was rolled back: canceling statement due to lock timeout. Nothing of it is left',
    )
    await holder.query('COMMIT')
    expect(await migrateUsers()).toEqual(['20260401000000_name'])
    await holder.end()
  })

  test('does not end CREATE INDEX CONCURRENTLY, which holds up nobody and would be left half done', async () => {
    const alone = migrationsFolder({ '20260401000000_index': 'CREATE INDEX CONCURRENTLY ON users (id);' })
    const holder = await holdUsers('ROW EXCLUSIVE')
    const watcher = await connectClient(database.url)
    const migrated = migrate({ url: database.url, folder: alone.path, tableLockMs: 1 })
    const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
      AND query LIKE 'CREATE INDEX%' AND now() - query_start > interval '50 ms'`
    await until(async () => (await watcher.query(waits)).rowCount === 1)
    await holder.query('COMMIT')
    expect(await migrated).toEqual(['20260401000000_index'])
    await Promise.all([holder.end(), watcher.end()])
    alone.remove()
  })
})

describe('several instances at once', () => {
  test('all succeed on an empty database, and every migration is applied by one of them', async () => {
    const log = jest.fn()
    const instances = Array.from({ length: 6 }, () =>
      migrate({ url: database.url, folder: folder.path, log }),
    )
    const applied = (await Promise.all(instances)).flat()
    expect(applied).toHaveLength(3)
    expect(log).toHaveBeenCalledWith('waiting for another instance to migrate the database')
  })

  test('give up after a time when one never ends', async () => {
    const holder = await connectClient(database.url)
    await holder.query('SELECT pg_advisory_lock(72707369)')
    const blocked = migrate({ url: database.url, folder: folder.path, lockWaitMs: 300 })
    await expect(blocked).rejects.toThrow('Another instance is still migrating the database after 300 ms')
    await holder.end()
  })

  test('control: waiting inside pg_advisory_lock is a deadlock with CREATE INDEX CONCURRENTLY', async () => {
    const first = await connectClient(database.url)
    const second = await connectClient(database.url)
    await first.query('CREATE TABLE users (id int); SELECT pg_advisory_lock(72707369)')
    const locked = second.query('SELECT pg_advisory_lock(72707369)')
    const waits = `SELECT FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory'`
    await until(async () => (await first.query(waits)).rowCount === 1)
    const index = first.query('CREATE INDEX CONCURRENTLY ON users (id)').finally(() => first.end())
    expect(await Promise.allSettled([locked, index])).toContainEqual(
      expect.objectContaining({ reason: expect.objectContaining({ code: '40P01' }) as unknown }),
    )
    await second.end()
  })
})

describe('a database that is not up', () => {
  // Of 30 s.
  const farLessThanItsTime = 10_000

  test('is waited for', async () => {
    const server = await startTestPostgres()
    await server.stop()
    const log = jest.fn()
    const migrating = migrate({ url: server.adminUrl, folder: folder.path, waitMs: 150_000, log })
    await until(() => log.mock.calls.length > 0)
    await server.restart()
    expect(await migrating).toHaveLength(3)
    const message = expect.stringMatching(
      /^waiting for postgresql:\/\/postgres:\*\*\*@127.+ECONNREFUSED/,
    ) as string
    expect(log).toHaveBeenCalledWith(message)
    await server.remove()
  })

  test('or is read-only, as a standby is, is waited for until it takes writes', async () => {
    const server = await startTestPostgres({ default_transaction_read_only: true })
    const log = jest.fn()
    const migrating = migrate({ url: server.adminUrl, folder: folder.path, waitMs: 150_000, log })
    await until(() => log.mock.calls.length > 0)
    await server.restart({ default_transaction_read_only: false })
    expect(await migrating).toHaveLength(3)
    expect(log.mock.calls[0]).toEqual([expect.stringMatching(/^waiting for .+: The server is read-only/)])
    await server.remove()
  })

  test('and does not come up is an error in time, without the password', async () => {
    const url = 'postgresql://ordinal:secret@127.0.0.1:1/orders'
    const start = Date.now()
    await expect(migrate({ url, folder: folder.path, waitMs: 400 })).rejects.toThrow(
      'postgresql://ordinal:***@127.0.0.1:1/orders did not answer within 400 ms: connect ECONNREFUSED',
    )
    expect(Date.now() - start).toBeLessThan(farLessThanItsTime)
  })

  test('a wrong password and a missing database are not waited for', async () => {
    const wrong = new URL(database.url)
    wrong.password = 'wrong'
    const start = Date.now()
    await expect(migrate({ url: wrong.href, folder: folder.path })).rejects.toMatchObject({ code: '28P01' })
    const missing = new URL(database.url)
    missing.pathname = 'nowhere'
    await expect(migrate({ url: missing.href, folder: folder.path })).rejects.toMatchObject({ code: '3D000' })
    expect(Date.now() - start).toBeLessThan(farLessThanItsTime)
  })
})

test('a pooler before the database, which tells a process id of its own, is worked through', async () => {
  const target = new URL(database.url)
  const pooler = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    client.pipe(upstream)
    upstream.on('data', (chunk) => client.write(withOtherProcessId(chunk)))
    client.on('close', () => upstream.destroy())
  })
  await new Promise<void>((resolve) => pooler.listen(0, resolve))
  const url = new URL(database.url)
  url.port = String((pooler.address() as AddressInfo).port)
  const refused = migrate({ url: url.href, folder: folder.path, urlVariable: 'MIGRATION_URL' })
  await expect(refused).rejects.toThrow(MigrationError)
  await expect(refused).rejects.toThrow('set MIGRATION_URL to a URL that leads to PostgreSQL itself')
  expect(await migrate({ url: database.url, folder: folder.path })).toHaveLength(2)
  await new Promise((resolve) => pooler.close(resolve))
})

/** As pgbouncer does: BackendKeyData ('K', length 12, process id, key) with a process id that is made up. */
function withOtherProcessId(chunk: Buffer): Buffer {
  const at = chunk.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]))
  if (at >= 0) chunk.writeInt32BE(chunk.readInt32BE(at + 5) + 1, at + 5)
  return chunk
}
