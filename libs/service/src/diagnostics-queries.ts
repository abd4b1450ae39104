import type { Queryable } from '@ordinal/database'

/** A database as the role of the service sees it. */
export interface DatabaseFacts {
  version: string
  role: string
  rights: string[]
  settings: Record<string, string>
  standbys: number
  connections: number
}

/** The role, its rights, and the settings that decide whether what is acknowledged is kept. */
export async function readDatabase(db: Queryable): Promise<DatabaseFacts & { now_ms: number }> {
  const { rows } = await db.query<DatabaseFacts & { now_ms: number }>(`
    SELECT current_setting('server_version') AS version, rolname AS role,
           array_remove(ARRAY[
             CASE WHEN rolsuper THEN 'superuser' END, CASE WHEN rolcreaterole THEN 'create_role' END,
             CASE WHEN rolcreatedb THEN 'create_database' END, CASE WHEN rolreplication THEN 'replication' END,
             CASE WHEN rolbypassrls THEN 'bypass_row_security' END,
             CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_class
                               WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
                                 AND pg_has_role(current_user, relowner, 'USAGE')) THEN 'owner' END], NULL) AS rights,
           (SELECT json_object_agg(name, current_setting(name)) FROM unnest(ARRAY[
             'fsync', 'full_page_writes', 'synchronous_commit', 'synchronous_standby_names', 'transaction_read_only',
             'max_connections']) AS settings(name)) AS settings,
           (SELECT count(*) FROM pg_catalog.pg_stat_replication)::int AS standbys,
           (SELECT coalesce(sum(numbackends), 0) FROM pg_catalog.pg_stat_database)::int AS connections,
           extract(epoch FROM clock_timestamp())::float8 * 1000 AS now_ms
    FROM pg_catalog.pg_roles WHERE rolname = current_user`)
  return rows[0]!
}

/** The migrations that the database has on record, and whether each has ended. */
export async function readAppliedMigrations(db: Queryable): Promise<{ name: string; finished: boolean }[]> {
  const { rows } = await db.query<{ name: string; finished: boolean }>(`
    SELECT migration_name AS name, finished_at IS NOT NULL AS finished
    FROM public._prisma_migrations WHERE rolled_back_at IS NULL ORDER BY migration_name`)
  return rows
}
