import { Client, type Pool } from 'pg'
import { databaseUrlOf } from '@ordinal/config'
import type { Logger } from '@ordinal/logging'
import { migrateDatabase } from '@ordinal/service'
import type { SequencerConfig } from '../config'

/**
 * Brings the database to the schema of this build. With a role of its own for migrations, the role that the service
 * runs as is then given what it needs and no more: it can read, and call the functions that issue and
 * change numbers and add versions of rules and sites.
 *
 * @param appFolder the folder of the app's source, or of its bundle
 */
export const migrateLedger = (config: SequencerConfig, appFolder: string): Promise<void> =>
  migrateDatabase(config, { service: 'SEQUENCER', appFolder, grant: grantRuntimeRole })

const grantRuntimeRole = (role: string, database: string) => `
  REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${role};
  REVOKE TEMPORARY ON DATABASE ${database} FROM PUBLIC, ${role};
  GRANT USAGE ON SCHEMA public TO ${role};
  GRANT SELECT ON sequences, sites, closed_periods, counters, batches, ledger, leases, free_values, frames, site_usage, register, _prisma_migrations TO ${role};
  GRANT EXECUTE ON FUNCTION issue_numbers, change_numbers, add_rules, add_site, register_keys, close_period TO ${role}`

/** Whether the role that the service runs as also migrates, and so owns the ledger. */
export const ownsLedger = (config: SequencerConfig) => {
  const runtimeUrl = databaseUrlOf(config)
  return userOf(config.migrationDatabaseUrl ?? runtimeUrl) === userOf(runtimeUrl)
}

const userOf = (url: string) => new Client({ connectionString: url }).user ?? ''

/** Says at the start when the role that the service runs as could rewrite the ledger. */
export function warnOfPowerfulRole(pool: Pool, log: Logger) {
  const check = async () => {
    const { rows } = await pool.query<{ role: string; superuser: boolean; owns: boolean }>(`
      SELECT current_user AS role,
             (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
             pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = 'public.ledger'::regclass), 'USAGE') AS owns`)
    const { role, superuser, owns } = rows[0]!
    if (!superuser && !owns) return
    log.warn(
      `the role ${role} ${superuser ? 'is superuser' : 'owns the ledger'}, and so could rewrite it: ` +
        'run as a role that owns nothing, and give the owner in SEQUENCER_MIGRATION_DATABASE_URL',
    )
  }
  let checking = Promise.resolve()
  return {
    start() {
      checking = check().catch((error: unknown) => void log.warn('the role could not be checked', { error }))
    },
    stop: () => checking,
  }
}
