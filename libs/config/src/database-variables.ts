import { z } from 'zod'
import { variable } from './define'
import { integer, port, postgresUrl } from './fragments'

/**
 * The variables of a service's database: `<service>_DATABASE_URL`, which wins, and its parts. To be spread into a
 * definition; `databaseUrlOf(config)` then gives the one URL.
 * @param service the prefix without its last underscore: `USER_SERVICE`
 */
export function databaseVariables(service: string, { name }: { name: string }) {
  return {
    databaseUrl: variable(`${service}_DATABASE_URL`, postgresUrl(), {
      description: 'PostgreSQL URL; wins over the DB_ parts',
      optional: true,
      secret: true,
      example: `postgres://postgres:p%40ss@localhost:5432/${name}`,
    }),
    dbHost: variable(`${service}_DB_HOST`, z.string(), {
      description: 'Database host, or the folder of its socket',
      default: 'localhost',
    }),
    dbPort: variable(`${service}_DB_PORT`, port(), { description: 'Database port', default: 5432 }),
    dbUser: variable(`${service}_DB_USER`, z.string(), { description: 'Database user', default: 'postgres' }),
    dbPassword: variable(`${service}_DB_PASSWORD`, z.string(), {
      description: 'Database password, as it is: not percent-encoded',
      default: 'postgres',
      secret: true,
      unusedWith: `${service}_DATABASE_URL`,
      example: 'p@s:/#%w',
    }),
    dbName: variable(`${service}_DB_NAME`, z.string().regex(/^[^?#]+$/, 'must not contain ? or #'), {
      description: 'Database name',
      default: name,
    }),
    migrationDatabaseUrl: variable(`${service}_MIGRATION_DATABASE_URL`, postgresUrl(), {
      description: `PostgreSQL URL for migrations, past any pooler, with the role that owns the tables; the role of ${service}_DATABASE_URL is then granted what the service needs, and no more`,
      optional: true,
      secret: true,
      example: `postgres://${name.replace(/db$/, '')}_owner:p%40ss@localhost:5432/${name}`,
    }),
    migrationLockTimeoutMs: variable('MIGRATION_LOCK_TIMEOUT_MS', integer({ min: 0, max: 600_000 }), {
      description:
        'Milliseconds that a migration waits for a lock, with all who want it after it; then it is rolled back, and can be tried again. 0 for as long as it takes',
      default: 0,
    }),
    dbPooler: variable(`${service}_DB_POOLER`, z.enum(['auto', 'session', 'transaction']), {
      description:
        'The pooler in front of PostgreSQL: auto detects one and then sends statements without names, as transaction does; session is for one that keeps a session for each connection',
      default: 'auto',
    }),
    dbPoolSize: variable(`${service}_DB_POOL_SIZE`, integer({ min: 1, max: 1000 }), {
      description: 'Most connections of one instance to the database for its main work',
      default: 10,
    }),
    dbReadPoolSize: variable(`${service}_DB_READ_POOL_SIZE`, integer({ min: 1, max: 1000 }), {
      description: 'Most further connections of one instance, for small reads',
      default: 4,
    }),
    dbHeavyPoolSize: variable(`${service}_DB_HEAVY_POOL_SIZE`, integer({ min: 1, max: 1000 }), {
      description:
        'Most further connections of one instance, for heavy reads: audit, export, verify, stats, searches, long lists',
      default: 2,
    }),
  }
}

/** Where a database is: its URL, or else the parts of it. */
export interface DatabaseAddress {
  databaseUrl: string | undefined
  dbHost: string
  dbPort: number
  dbUser: string
  dbPassword: string
  dbName: string
}

/** The one URL of a configuration with `databaseVariables`: as given, or made of the parts, percent-encoded. */
export function databaseUrlOf(config: DatabaseAddress): string {
  if (config.databaseUrl) return config.databaseUrl
  const [user, password, host] = [config.dbUser, config.dbPassword, config.dbHost].map(encodeURIComponent)
  // pg decodes the name with decodeURI, which leaves %2F and the like as they are.
  return `postgres://${user}:${password}@${host}:${config.dbPort}/${encodeURI(config.dbName)}`
}
