import type { Client } from 'pg'
import { applyAlone, applyMigration } from './apply-migration'
import { readMigrations, type Migration } from './migration-files'
import { MigrationError, planMigrations } from './migration-plan'
import { createRecords, readRecords } from './migration-records'
import { begin, beginLocked, connectToMigrate, lockSession, type SessionOptions } from './migration-session'

interface MigrateOptions {
  /** Of a role that may change the schema. */
  url: string
  /** The variable of a URL past the pooler, for messages. */
  urlVariable?: string
  /** `prisma/migrations` of the build. */
  folder: string
  /** Of the build: `0.1.0`. If not given, it is older than any that a migration needs. */
  version?: string
  /** How long to wait for a database that is not up yet, in ms; 30 s if not given. */
  waitMs?: number
  /** How long to wait for another instance that is migrating, in ms; 10 minutes if not given. */
  lockWaitMs?: number
  /** How long a migration waits for a lock that others hold, in ms; 0, or not given, for as long as it takes. */
  tableLockMs?: number
  log?: (message: string) => void
}

interface Work extends SessionOptions {
  build: Migration[]
  version: string
  urlVariable: string
}

/**
 * Applies the migrations that the database does not have yet, without Prisma's CLI and its engine, in
 * Prisma's own records: `prisma migrate status` and `deploy` agree afterwards. Any number of instances may
 * call it at once. Gives the names of those it applied.
 * @throws MigrationError, saying what to do, if the database cannot be brought to this build's schema.
 */
export async function migrate({
  folder,
  version = '0.0.0',
  urlVariable = 'the URL for migrations',
  waitMs = 30_000,
  lockWaitMs = 600_000,
  tableLockMs = 0,
  log = () => {},
  ...options
}: MigrateOptions): Promise<string[]> {
  const work = {
    ...options,
    build: await readMigrations(folder),
    version,
    urlVariable,
    waitMs,
    lockWaitMs,
    tableLockMs,
    log,
  }
  const { client, direct } = await connectToMigrate(work)
  try {
    return await (direct ? migrateSession(client, work) : migratePooled(client, work))
  } finally {
    // A lock goes with the session.
    await client.end()
  }
}

/** The session holds the lock. */
async function migrateSession(client: Client, work: Work): Promise<string[]> {
  await lockSession(client, work)
  const pending = await pendingOf(client, work)
  for (const migration of pending) {
    work.log(`applying migration ${migration.name}`)
    await begin(client, work)
    await applyMigration(client, migration, () => applyAlone(client, migration))
  }
  return pending.map(({ name }) => name)
}

/** Each transaction takes the lock and checks what is left to do: a pooler may give the next one another session. */
async function migratePooled(client: Client, work: Work): Promise<string[]> {
  for (const applied: string[] = []; ;) {
    await beginLocked(client, work)
    const [next] = await pendingOf(client, work)
    if (!next) {
      await client.query('COMMIT')
      return applied
    }
    work.log(`applying migration ${next.name}, through a connection pooler`)
    await applyMigration(client, next, () => Promise.reject(needsSession(next, work)))
    applied.push(next.name)
  }
}

async function pendingOf(client: Client, { build, version, log }: Work): Promise<Migration[]> {
  await createRecords(client)
  const { pending, unknown } = planMigrations(build, await readRecords(client), version)
  if (unknown.length > 0)
    log(
      `the database is newer than this build, ${version}, which runs on it as it did before: ` +
        `it does not know ${unknown.join(', ')}`,
    )
  return pending
}

const needsSession = ({ name }: Migration, { urlVariable }: Work) =>
  new MigrationError(
    `Migration ${name} cannot run in a transaction, and a connection pooler (pgbouncer or the like) stands before ` +
      `the database: set ${urlVariable} to a URL that leads to PostgreSQL itself.`,
  )
