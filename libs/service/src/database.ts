import { existsSync } from 'node:fs'
import path from 'node:path'
import { escapeIdentifier, type Pool } from 'pg'
import { databaseUrlOf, type DatabaseAddress } from '@ordinal/config'
import {
  createPool,
  DatabaseClient,
  migrate,
  registerPoolMetrics,
  userOf,
  type PoolerMode,
} from '@ordinal/database'
import type { Metrics } from '@ordinal/metrics'
import type { Logger } from '@ordinal/logging'
import { version } from '../../../package.json'

/** How a service reaches its database: what `databaseVariables` parse to. */
export interface DatabaseSettings extends DatabaseAddress {
  dbPoolSize: number
  dbReadPoolSize: number
  dbHeavyPoolSize: number
  dbPooler: PoolerMode
}

/** Where migrations run: what `databaseVariables` parse to. */
export interface MigrationSettings extends DatabaseAddress {
  migrationDatabaseUrl?: string | undefined
  migrationLockTimeoutMs?: number
}

const connectTimeoutMs = 5_000
// Shorter than callers wait. Queries that need longer set their own limit, up to the server's statement_timeout.
const useTimeoutMs = 5_000
const statementTimeoutMs = 10_000

/**
 * The pool of a service's database, with its metrics.
 *
 * @param name the service, as it is shown in `pg_stat_activity`
 */
export function openDatabase(
  name: string,
  settings: DatabaseSettings,
  { log, metrics }: { log: Logger; metrics: Metrics },
): Pool {
  return open(name, settings.dbPoolSize, 'main', settings, { log, metrics })
}

/** The pools of all classes but the main work: none can take the connections of another. */
export interface Pools {
  read: Pool
  heavy: Pool
  probe: Pool
}

/** Opens the pools of reads, heavy reads and probes, as `openDatabase` does that of the main work. */
export function openReadPools(
  name: string,
  settings: DatabaseSettings,
  deps: { log: Logger; metrics: Metrics },
): Pools {
  return {
    read: open(name, settings.dbReadPoolSize, 'read', settings, deps),
    heavy: open(name, settings.dbHeavyPoolSize, 'heavy', settings, deps),
    probe: open(name, 1, 'probe', settings, deps),
  }
}

const poolerFound =
  'a connection pooler is in front of the database: statements have no names, and limits of single statements are those of the role'

function open(
  name: string,
  maxConnections: number,
  pool: 'main' | keyof Pools,
  settings: DatabaseSettings,
  { log, metrics }: { log: Logger; metrics: Metrics },
): Pool {
  const opened = createPool({
    url: databaseUrlOf(settings),
    applicationName: name,
    maxConnections,
    connectTimeoutMs,
    useTimeoutMs,
    statementTimeoutMs,
    pooler: settings.dbPooler,
    // Once for a service: its readiness is checked first, through this pool.
    onPooler: () => pool === 'probe' && log.info(poolerFound),
    onError: (error) => log.warn('a database connection broke', { error }),
  })
  registerPoolMetrics(metrics.registry, opened, metrics.prefix, pool)
  return opened
}

interface MigrateOptions {
  /** What the names of its variables begin with: `USER_SERVICE`. */
  service: string
  /** The folder of the app's source, or of its bundle: the migrations are found from there. */
  appFolder: string
  /** The statements that grant the service's role what it needs; by default, to read and write all tables. */
  grant?: (role: string, database: string) => string
}

/**
 * Brings a database to the schema of this build. Where migrations have a role of their own, that of the service is then
 * granted what it needs.
 *
 * @throws MigrationError, saying what to do
 */
export async function migrateDatabase(
  settings: MigrationSettings,
  { service, appFolder, grant = grantTables }: MigrateOptions,
): Promise<void> {
  const runtimeUrl = databaseUrlOf(settings)
  const url = settings.migrationDatabaseUrl ?? runtimeUrl
  const besideBundle = path.join(appFolder, 'migrations')
  await migrate({
    url,
    urlVariable: `${service}_MIGRATION_DATABASE_URL`,
    version,
    folder: existsSync(besideBundle) ? besideBundle : path.join(appFolder, '../prisma/migrations'),
    ...(settings.migrationLockTimeoutMs !== undefined && { tableLockMs: settings.migrationLockTimeoutMs }),
    log: (line) => process.stderr.write(`${line}\n`),
  })
  const role = userOf(runtimeUrl)
  if (role !== userOf(url)) await runAsOwner(url, (database) => grant(escapeIdentifier(role), database))
}

async function runAsOwner(url: string, statements: (database: string) => string): Promise<void> {
  const owner = new DatabaseClient({ connectionString: url })
  await owner.connect()
  try {
    // One statement text is one transaction; the lock, since concurrent GRANTs on one table fail.
    await owner.query(`
      SELECT pg_advisory_xact_lock(hashtext('ordinal_grants'));
      ${statements(escapeIdentifier(owner.database ?? ''))}`)
  } finally {
    await owner.end()
  }
}

const grantTables = (role: string) => `
  GRANT USAGE ON SCHEMA public TO ${role};
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role};
  REVOKE INSERT, UPDATE, DELETE ON _prisma_migrations FROM ${role};
  GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role}`
