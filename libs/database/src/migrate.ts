import { randomUUID } from 'node:crypto'
import type { Client } from 'pg'
import { databaseErrorOf, endsSession, reasonOf } from './errors'
import { readMigrations, type Migration } from './migration-files'
import { MigrationError, pendingMigrations } from './migration-plan'
import {
  createRecords,
  readRecords,
  recordFailure,
  recordFinish,
  recordRollback,
  recordStart,
} from './migration-records'
import { withMigrationSession } from './migration-session'

export interface MigrateOptions {
  /** The database itself, not a pooler before it, and a role that may change its schema. */
  url: string
  /** `prisma/migrations` of the build. */
  folder: string
  /** How long to wait for a database that is not up yet, in ms; 30 s if not given. */
  waitMs?: number
  /** How long to wait for another instance that is migrating, in ms; 10 minutes if not given. */
  lockWaitMs?: number
  log?: (message: string) => void
}

/**
 * Applies the migrations that the database does not have yet, without Prisma's CLI and its engine, in
 * Prisma's own records: `prisma migrate status` and `deploy` agree afterwards. Any number of instances may
 * call it at once. Gives the names of those it applied.
 * @throws MigrationError, saying what to do, if the database cannot be brought to this build's schema.
 */
export async function migrate({
  url,
  folder,
  waitMs = 30_000,
  lockWaitMs = 600_000,
  log = () => {},
}: MigrateOptions): Promise<string[]> {
  const build = await readMigrations(folder)
  return withMigrationSession({ url, waitMs, lockWaitMs, log }, async (client) => {
    await createRecords(client)
    const pending = pendingMigrations(build, await readRecords(client))
    for (const migration of pending) {
      log(`applying migration ${migration.name}`)
      await apply(client, migration)
    }
    return pending.map(({ name }) => name)
  })
}

const NOT_IN_A_TRANSACTION = '25001'

/** One transaction for the migration and its record. */
async function apply(client: Client, migration: Migration) {
  const id = randomUUID()
  try {
    await client.query('BEGIN')
    await run(client, id, migration)
    await client.query('COMMIT')
  } catch (error) {
    if (endsSession(error)) throw failure(migration, 'lost its connection', error, 'Start again')
    await client.query('ROLLBACK')
    // A script with a COMMIT of its own has committed the start of its record too.
    if (await recordFailure(client, id, reasonOf(error))) throw halfWay(migration, error)
    if (databaseErrorOf(error)?.sqlState === NOT_IN_A_TRANSACTION) return applyAlone(client, migration)
    await recordRollback(client, id, migration, reasonOf(error))
    throw failure(
      migration,
      'was rolled back',
      error,
      'Nothing of it is left: remove the cause and start again',
    )
  }
}

/** For what PostgreSQL does in no transaction, as CREATE INDEX CONCURRENTLY: the only statement of its script. */
async function applyAlone(client: Client, migration: Migration) {
  const id = randomUUID()
  try {
    await run(client, id, migration)
  } catch (error) {
    if (!endsSession(error)) await recordFailure(client, id, reasonOf(error))
    throw halfWay(migration, error)
  }
}

async function run(client: Client, id: string, migration: Migration) {
  await recordStart(client, id, migration)
  await client.query(migration.script)
  // A script may leave another role or search_path behind, with which the record cannot be found or written.
  await client.query('RESET ROLE; RESET ALL')
  await recordFinish(client, id)
}

function halfWay(migration: Migration, error: unknown) {
  return failure(migration, 'failed half way', error, 'The next start tells how to resolve it')
}

function failure({ name }: Migration, what: string, cause: unknown, advice: string) {
  return new MigrationError(`Migration ${name} ${what}: ${reasonOf(cause)}. ${advice}.`, { cause })
}
