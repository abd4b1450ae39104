import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Pool } from 'pg'
import { databaseUrlOf } from '@ordinal/config'
import { createPool, migrate, registerPoolMetrics } from '@ordinal/database'
import type { Metrics } from '@ordinal/metrics'
import type { Logger } from '@ordinal/logging'

/** How a service reaches its database: what `databaseVariables` parse to. */
export type DatabaseSettings = Parameters<typeof databaseUrlOf>[0] & { dbPoolSize: number }

const connectTimeoutMs = 5_000
// Below what a caller waits for. What needs longer says so itself, up to the server's limit of a statement.
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
  const pool = createPool({
    url: databaseUrlOf(settings),
    applicationName: name,
    maxConnections: settings.dbPoolSize,
    connectTimeoutMs,
    useTimeoutMs,
    statementTimeoutMs,
    onError: (error) => log.warn('a database connection broke', { error }),
  })
  registerPoolMetrics(metrics.registry, pool, metrics.prefix)
  return pool
}

/**
 * Brings a database to the schema of this build.
 *
 * @param appFolder the folder of the app's source, or of its bundle: the migrations are found from there
 * @throws MigrationError, saying what to do
 */
export function migrateDatabase(url: string, appFolder: string): Promise<string[]> {
  const besideBundle = path.join(appFolder, 'migrations')
  const folder = existsSync(besideBundle) ? besideBundle : path.join(appFolder, '../prisma/migrations')
  return migrate({ url, folder, log: (line) => process.stderr.write(`${line}\n`) })
}
