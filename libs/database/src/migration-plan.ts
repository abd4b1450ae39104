import { hasChecksum, type Migration } from './migration-files'
import type { MigrationRecord } from './migration-records'

/** The migrations cannot be applied until somebody has done what the message says. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

/**
 * The migrations of this build that the database does not have yet, oldest first.
 * @throws MigrationError if one failed half way and was not resolved, if one was changed after it was
 *   applied, or if the database has one that this build does not know.
 */
export function pendingMigrations(build: Migration[], records: MigrationRecord[]): Migration[] {
  const standing = records.filter((record) => !record.rolled_back_at)
  refuseFailed(standing)
  refuseUnknown(build, standing)
  refuseChanged(build, standing)
  const applied = new Set(standing.map((record) => record.migration_name))
  return build.filter(({ name }) => !applied.has(name))
}

function refuseFailed(records: MigrationRecord[]) {
  const failed = records.find((record) => !record.finished_at)
  if (!failed) return
  const { migration_name: name, started_at, logs } = failed
  const reason = logs ? ` (${logs.split('\n', 1)[0]})` : ''
  // The SQL does what "prisma migrate resolve" does, where its engine cannot be had.
  const resolve = (column: string) =>
    `UPDATE _prisma_migrations SET ${column} = now() WHERE migration_name = '${name}' AND finished_at IS NULL`
  throw new MigrationError(
    `Migration ${name}, started at ${started_at.toISOString()}, failed half way and was not resolved${reason}. ` +
      `Either undo what it did, and mark it so: ${resolve('rolled_back_at')}; ` +
      `or complete it by hand, and mark it so: ${resolve('finished_at')}; then start again.`,
  )
}

function refuseUnknown(build: Migration[], records: MigrationRecord[]) {
  const known = new Set(build.map(({ name }) => name))
  const names = records.map((record) => record.migration_name)
  const unknown = names.filter((name) => !known.has(name))
  if (unknown.length === 0) return
  throw new MigrationError(
    `The database has migrations that this build does not know: ${unknown.join(', ')}. ` +
      `The newest of the database is ${names.sort().at(-1)}, the newest of this build is ` +
      `${build.at(-1)?.name ?? '(none)'}. Start a build that is as new as the database, ` +
      `or restore the database from before it was migrated.`,
  )
}

function refuseChanged(build: Migration[], records: MigrationRecord[]) {
  const scripts = new Map(build.map(({ name, script }) => [name, script]))
  const changed = records.find(
    ({ migration_name, checksum }) => !hasChecksum(scripts.get(migration_name) ?? '', checksum),
  )
  if (!changed) return
  throw new MigrationError(
    `Migration ${changed.migration_name} was changed after it was applied. Restore its migration.sql as ` +
      `it was (sha256 ${changed.checksum}), and put the change into a new migration.`,
  )
}
