import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Pool } from 'pg'
import { databaseUrlOf } from '@ordinal/config'
import { createPool, migrate, registerPoolMetrics } from '@ordinal/database'
import type { Metrics } from '@ordinal/metrics'
import type { Logger } from '@ordinal/logging'

/** How a service reaches its database: what `databaseVariables` parse to. */
export type DatabaseSettings = Parameters<typeof databaseUrlOf>[0] & {
  dbPoolSize: number
  dbReadPoolSize: number
  dbHeavyPoolSize: number
}

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
  return open(name, settings.dbPoolSize, 'main', settings, { log, metrics })
}

/** The pools of what is not the service's main work: none can take the connections of another. */
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
    onError: (error) => log.warn('a database connection broke', { error }),
  })
  registerPoolMetrics(metrics.registry, opened, metrics.prefix, pool)
  return opened
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
