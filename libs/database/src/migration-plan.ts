import { hasChecksum, type Migration } from './migration-files'
import type { MigrationRecord } from './migration-records'

/** The migrations cannot be applied until somebody has done what the message says. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

/** What has to happen before a build can run on a database. */
export interface MigrationPlan {
  /** The migrations of the build that the database does not have yet, oldest first. */
  pending: Migration[]
  /** Those of the database that the build does not know, oldest first: it is of a newer build, which leaves what this one uses. */
  unknown: string[]
}

/**
 * Compares the migrations of a build with those of its database.
 *
 * @param version of the build: `0.1.0`
 * @throws MigrationError if one failed half way and was not resolved, if one was changed after it was
 *   applied, or if the database has one that needs a newer build
 */
export function planMigrations(
  build: Migration[],
  records: MigrationRecord[],
  version: string,
): MigrationPlan {
  const standing = records.filter((record) => !record.rolled_back_at)
  refuseFailed(standing)
  const applied = new Set(standing.map((record) => record.migration_name))
  const pending = build.filter(({ name }) => !applied.has(name))
  const known = new Set(build.map(({ name }) => name))
  const unknown = [...applied].filter((name) => !known.has(name)).sort()
  refuseNewer(build, unknown, pending, version)
  refuseChanged(
    build,
    standing.filter(({ migration_name: name }) => known.has(name)),
  )
  return { pending, unknown }
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

/**
 * A migration that takes away what builds before 0.2 use ends with `_needs_0_2` (docs/upgrading.md); any other leaves
 * what the build before it uses. So a build can read in the names whether it may run.
 */
function refuseNewer(build: Migration[], unknown: string[], pending: Migration[], version: string) {
  const needed = unknown.filter((name) => isBelow(version, neededBy(name)))
  // Nobody has tried a mixture of two lines of builds.
  if (needed.length === 0 && (unknown.length === 0 || pending.length === 0)) return
  const why =
    needed.length > 0
      ? `They take away what this build uses: ${needed.join(', ')}.`
      : `It lacks migrations that this build has: ${pending.map(({ name }) => name).join(', ')}.`
  throw new MigrationError(
    `The database has migrations that this build does not know: ${unknown.join(', ')}. ${why} ` +
      `The newest of the database is ${unknown.at(-1)}, the newest of this build (${version}) is ` +
      `${build.at(-1)?.name ?? '(none)'}. Start a build that is as new as the database, ` +
      `or restore the database from before it was migrated.`,
  )
}

type Release = readonly [major: number, minor: number]

const neededBy = (name: string): Release => releaseOf(/_needs_(\d+_\d+)$/.exec(name)?.[1] ?? '0_0', '_')
const releaseOf = (text: string, separator: string): Release => {
  const [major, minor] = text.split(separator).map(Number)
  return [major!, minor!]
}

function isBelow(version: string, [major, minor]: Release): boolean {
  const [ownMajor, ownMinor] = releaseOf(version, '.')
  return ownMajor < major || (ownMajor === major && ownMinor < minor)
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
