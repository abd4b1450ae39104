import type { Pool } from 'pg'
import { databaseUrlOf } from '@ordinal/config'
import { userOf } from '@ordinal/database'
import type { Logger } from '@ordinal/logging'
import { soonAfterStart, migrateDatabase, type MigrationSettings } from '@ordinal/service'

/**
 * Brings the database to the schema of this build. Where migrations have a role of their own, the service's role then
 * gets the rights it needs and no more: to read, and to call the functions that issue and change numbers, add versions
 * of rules, sites and API keys, note when keys were used, register those of the configuration and close periods.
 *
 * @param appFolder the folder of the app's source, or of its bundle
 */
export const migrateLedger = (config: MigrationSettings, appFolder: string): Promise<void> =>
  migrateDatabase(config, { service: 'SEQUENCER', appFolder, grant: grantRuntimeRole })

const grantRuntimeRole = (role: string, database: string) => `
  REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${role};
  REVOKE TEMPORARY ON DATABASE ${database} FROM PUBLIC, ${role};
  GRANT USAGE ON SCHEMA public TO ${role};
  GRANT SELECT ON sequences, sites, closed_periods, counters, batches, ledger, leases, free_values, frames, site_usage, register, api_keys, api_key_uses, _prisma_migrations TO ${role};
  GRANT EXECUTE ON FUNCTION issue_numbers, issue_many, change_numbers, add_rules, add_site, register_keys, close_period, add_api_key, change_api_key, note_api_key_uses TO ${role}`

/** Whether the role that the service runs as also migrates, and so owns the ledger. */
export const ownsLedger = (config: MigrationSettings) => {
  const runtimeUrl = databaseUrlOf(config)
  return userOf(config.migrationDatabaseUrl ?? runtimeUrl) === userOf(runtimeUrl)
}

/** Warns soon after the start if the role of the service could rewrite the ledger. */
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
  return soonAfterStart(check, log, 'the rights of the role could not be checked')
}
