import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Client, DatabaseError, escapeIdentifier as id, escapeLiteral as literal } from 'pg'
import { serverVariables } from './server-variables'

/** A database of its own for a test file. */
export interface TestDatabase {
  name: string
  /** The login role that owns the database; no superuser. */
  owner: string
  /** Connects as the owner. */
  url: string
  /** Connects as the superuser `postgres`. */
  adminUrl: string
  /**
   * Drops the database and the roles made for it.
   *
   * @throws Error that names the connections the tests have left open, after it has closed them.
   */
  drop(): Promise<void>
}

export interface TestRole {
  name: string
  url: string
}

/**
 * Makes a database with a random name on the server of the jest run (see global-setup).
 *
 * @param options.template the name of a database to clone, as `createTestTemplate` gives it; nobody may be
 *   connected to it.
 * @param options.owner the login role to own it, made if there is none of that name. Default: that of the
 *   template, else a new one.
 */
export async function createTestDatabase(
  options: { template?: string; owner?: string } = {},
): Promise<TestDatabase> {
  const name = randomName()
  return asAdmin(async (admin) => {
    const owner = options.owner ?? (options.template ? await ownerOf(admin, options.template) : name)
    await ensureLoginRole(admin, owner)
    await admin.query(
      `CREATE DATABASE ${id(name)} OWNER ${id(owner)} TEMPLATE ${id(options.template ?? 'template1')}`,
    )
    return {
      name,
      owner,
      url: urlOf(name, owner),
      adminUrl: urlOf(name),
      drop: () => asAdmin((admin) => dropDatabase(admin, name)),
    }
  })
}

/**
 * Makes a database to clone, once in a jest run: whoever calls first with a name prepares it (migrates it, say),
 * and the other workers and files wait and get the same one.
 *
 * @param prepare may connect as the owner (`url`) or the superuser, and must close its connections.
 * @returns the name, for `createTestDatabase({ template })`.
 */
export async function createTestTemplate(
  name: string,
  prepare: (template: { url: string; adminUrl: string }) => Promise<void>,
): Promise<string> {
  return asAdmin(async (admin) => {
    await admin.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name])
    if (await ownerOf(admin, name).catch(() => undefined)) return name

    const draft = `${name}_draft`
    const owner = `${name}_owner`
    await ensureLoginRole(admin, owner)
    await admin.query(`DROP DATABASE IF EXISTS ${id(draft)} WITH (FORCE)`)
    await admin.query(`CREATE DATABASE ${id(draft)} OWNER ${id(owner)}`)
    await prepare({ url: urlOf(draft, owner), adminUrl: urlOf(draft) })
    await admin.query(`ALTER DATABASE ${id(draft)} RENAME TO ${id(name)}`)
    return name
  })
}

/** Makes a login role that owns nothing and may only connect; grant it what the test is about. */
export async function createTestRole(database: TestDatabase): Promise<TestRole> {
  // The database's name heads the role's, by which drop() knows it.
  const name = `${database.name}_${randomBytes(4).toString('hex')}`
  await asAdmin((admin) => ensureLoginRole(admin, name))
  return { name, url: urlOf(database.name, name) }
}

const randomName = () => `test_${randomBytes(8).toString('hex')}`

/** The superuser's URL of the server of the jest run. */
export function testServerUrl(): string {
  const url = process.env[serverVariables.adminUrl]
  if (url) return url
  throw new Error("There is no server: add globalSetup: '@ordinal/testing/global-setup' to jest.config.js.")
}

/** All roles of the tests have the superuser's password, so that any worker can log in as any of them. */
function urlOf(database: string, role?: string): string {
  const url = new URL(testServerUrl())
  url.pathname = database
  if (role) url.username = role
  return url.href
}

async function asAdmin<T>(work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client(testServerUrl())
  await admin.connect()
  return work(admin).finally(() => admin.end())
}

async function ownerOf(admin: Client, database: string): Promise<string> {
  const sql = 'SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1'
  const { rows } = await admin.query<{ owner: string }>(sql, [database])
  if (!rows[0]) throw new Error(`There is no database ${database} to clone`)
  return rows[0].owner
}

async function ensureLoginRole(admin: Client, name: string): Promise<void> {
  const password = literal(new URL(testServerUrl()).password)
  try {
    await admin.query(`CREATE ROLE ${id(name)} LOGIN NOSUPERUSER PASSWORD ${password}`)
  } catch (error) {
    // Made before, or (23505) by another worker at this moment.
    if (!(error instanceof DatabaseError && ['42710', '23505'].includes(error.code!))) throw error
  }
}

async function dropDatabase(admin: Client, name: string): Promise<void> {
  const leaked = await leakedConnections(admin, name)
  await admin.query(`DROP DATABASE IF EXISTS ${id(name)} WITH (FORCE)`)
  const { rows } = await admin.query<{ rolname: string }>(
    `SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)`,
    [name],
  )
  for (const { rolname } of rows) await admin.query(`DROP ROLE ${id(rolname)}`)
  if (leaked.length > 0) {
    throw new Error(`The tests left connections to their database open:\n  ${leaked.join('\n  ')}`)
  }
}

/** A connection that was closed takes the server a moment to notice. */
async function leakedConnections(admin: Client, name: string): Promise<string[]> {
  const sql = `
    SELECT format('pid %s, %s, application_name "%s": %s', pid, usename, application_name, query) AS connection
    FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`
  for (let tries = 0; ; tries++) {
    const { rows } = await admin.query<{ connection: string }>(sql, [name])
    if (rows.length === 0 || tries === 20) return rows.map(({ connection }) => connection)
    await delay(50)
  }
}
