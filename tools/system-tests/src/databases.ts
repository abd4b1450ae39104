import { Client, escapeIdentifier as id, escapeLiteral as literal } from 'pg'
import { createTestDatabase, createTestRole, type TestPgbouncer, type TestPostgres } from '@ordinal/testing'
import { prefixOf, type Environment } from './service'

/** The empty database of a service. */
export interface ServiceDatabase {
  /** Connects as the superuser. */
  adminUrl: string
  /** What the service is told of it. */
  environment: Environment
  drop(): Promise<void>
}

/** A pooler between services and their databases. */
export interface Detour {
  pooler: TestPgbouncer
  /** `past`: they run as the owner, and every service as a role that owns nothing. */
  migrations: 'through' | 'past'
}

/** Makes a database on the server of the jest run; the sequencer runs as a role that does not own it. */
export async function createDatabase(name: string, detour?: Detour): Promise<ServiceDatabase> {
  const database = await createTestDatabase()
  const ownsNothing = name === 'sequencer' || detour?.migrations === 'past'
  const runtimeUrl = ownsNothing ? (await createTestRole(database)).url : database.url
  const through = detour?.pooler.through ?? ((url: string) => url)
  const migrationUrl = detour?.migrations === 'past' ? database.url : through(database.url)
  const environment = databaseEnvironment(name, through(runtimeUrl), ownsNothing ? migrationUrl : undefined)
  return { ...database, environment }
}

/** The same on a server that the test may kill; it goes with its server. */
export async function createDatabaseOn(postgres: TestPostgres, name: string): Promise<ServiceDatabase> {
  const roles = { owner: `${name}-owner`, runtime: `${name}-runtime` }
  const { password } = new URL(postgres.adminUrl)
  for (const role of Object.values(roles)) {
    await query(postgres, `CREATE ROLE ${id(role)} LOGIN PASSWORD ${literal(password)}`)
  }
  await query(postgres, `CREATE DATABASE ${id(name)} OWNER ${id(roles.owner)}`)
  const urlOf = (role: string) => postgres.url(name, role, password)
  const runtimeUrl = urlOf(name === 'sequencer' ? roles.runtime : roles.owner)
  return {
    adminUrl: urlOf('postgres'),
    environment: databaseEnvironment(name, runtimeUrl, name === 'sequencer' ? urlOf(roles.owner) : undefined),
    drop: () => Promise.resolve(),
  }
}

const databaseEnvironment = (
  name: string,
  runtimeUrl: string,
  migrationUrl: string | undefined,
): Environment => ({
  [`${prefixOf(name)}_DATABASE_URL`]: runtimeUrl,
  ...(migrationUrl !== undefined && { [`${prefixOf(name)}_MIGRATION_DATABASE_URL`]: migrationUrl }),
})

/** Runs one statement as the superuser, on a connection of its own. */
export async function query<Row extends object>(
  { adminUrl }: { adminUrl: string },
  sql: string,
  values?: unknown[],
): Promise<Row[]> {
  const admin = new Client(adminUrl)
  // The server may be killed meanwhile; the query fails then, and that is enough.
  admin.on('error', () => {})
  await admin.connect()
  try {
    return (await admin.query<Row>(sql, values)).rows
  } finally {
    await admin.end()
  }
}
