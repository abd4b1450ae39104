import { checksumOf, type Migration } from '../src/migration-files'
import { planMigrations } from '../src/migration-plan'
import type { MigrationRecord } from '../src/migration-records'

const users: Migration = { name: '20260101000000_users', script: 'CREATE TABLE users ();\n' }
const orders: Migration = { name: '20260201000000_orders', script: 'CREATE TABLE orders ();\n' }

const record = (migration: Migration, changed: Partial<MigrationRecord> = {}): MigrationRecord => ({
  migration_name: migration.name,
  checksum: checksumOf(migration.script),
  started_at: new Date('2026-03-01T00:00:00Z'),
  finished_at: new Date('2026-03-01T00:00:01Z'),
  rolled_back_at: null,
  logs: null,
  ...changed,
})
const pendingMigrations = (build: Migration[], records: MigrationRecord[]) =>
  planMigrations(build, records, '0.1.0').pending
const rolledBack = { finished_at: null, rolled_back_at: new Date() }

test('what is not applied is pending, in the order of age', () => {
  expect(pendingMigrations([users, orders], [])).toEqual([users, orders])
  expect(pendingMigrations([users, orders], [record(users)])).toEqual([orders])
  expect(pendingMigrations([users, orders], [record(orders)])).toEqual([users])
  expect(pendingMigrations([users], [record(users)])).toEqual([])
})

test('what was rolled back is pending again, and does not count twice once it is applied', () => {
  expect(pendingMigrations([users], [record(users, rolledBack)])).toEqual([users])
  expect(pendingMigrations([users], [record(users, rolledBack), record(users)])).toEqual([])
  expect(pendingMigrations([], [record(users, rolledBack)])).toEqual([])
})

test('other line ends are no change', () => {
  const windows = { ...users, script: users.script.replaceAll('\n', '\r\n') }
  expect(pendingMigrations([windows], [record(users)])).toEqual([])
  expect(pendingMigrations([users], [record(windows)])).toEqual([])
})

test('a change after it was applied is refused by name', () => {
  const changed = { ...users, script: 'CREATE TABLE people ();\n' }
  expect(() => pendingMigrations([changed, orders], [record(users)])).toThrow(
    /^Migration 20260101000000_users was changed after it was applied. Restore its migration.sql .*new migration/,
  )
})

test('a failure that was not resolved is refused, with the two ways out', () => {
  const failed = record(users, { finished_at: null, logs: 'no such table\nmore' })
  expect(() => pendingMigrations([users, orders], [failed])).toThrow(
    'Migration 20260101000000_users, started at 2026-03-01T00:00:00.000Z, failed half way and was not ' +
      'resolved (no such table). Either undo what it did, and mark it so: UPDATE _prisma_migrations ' +
      "SET rolled_back_at = now() WHERE migration_name = '20260101000000_users' AND finished_at IS NULL; " +
      'or complete it by hand, and mark it so: UPDATE _prisma_migrations ' +
      "SET finished_at = now() WHERE migration_name = '20260101000000_users' AND finished_at IS NULL; " +
      'then start again.',
  )
})

test('a build runs on a database that newer builds have extended, and learns what it does not know', () => {
  const records = [record(users), record(orders)]
  expect(planMigrations([users], records, '0.1.0')).toEqual({ pending: [], unknown: [orders.name] })
})

const needing = (release: string): Migration => ({
  name: `20260301000000_drop_status_needs_${release}`,
  script: '',
})
test.each([
  ['0.1.9', '0_2'],
  ['0.9.0', '0_10'],
  ['1.9.0', '2_0'],
])('a build of %s is refused where a migration needs %s, and both are named', (version, release) => {
  const records = [record(users), record(orders), record(needing(release))]
  expect(() => planMigrations([users], records, version)).toThrow(
    `The database has migrations that this build does not know: ${orders.name}, ${needing(release).name}. They take ` +
      `away what this build uses: ${needing(release).name}. The newest of the database is ${needing(release).name}, ` +
      `the newest of this build (${version}) is ${users.name}.`,
  )
})
test.each([
  ['0.2.0', '0_2'],
  ['0.10.0', '0_9'],
  ['1.0.0', '0_9'],
])('a build of %s runs where one needs %s', (version, release) => {
  const records = [record(users), record(needing(release))]
  expect(planMigrations([users], records, version).unknown).toEqual([needing(release).name])
})

test('a build that knows less than the database here, and more there, is refused', () => {
  expect(() => planMigrations([users], [record(orders)], '0.1.0')).toThrow(
    `The database has migrations that this build does not know: ${orders.name}. It lacks migrations that this build ` +
      `has: ${users.name}.`,
  )
})
