import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseError, escapeIdentifier as id, escapeLiteral as literal, Pool } from 'pg'
import { isInMemory } from './memory'
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

interface TestRole {
  name: string
  url: string
}

/**
 * Makes a database with a random name on the server of this jest worker (see global-setup).
 *
 * @param options.template the name of a database to clone, as `createTestTemplate` gives it; nobody may be
 *   connected to it.
 * @param options.owner the login role to own it, made if there is none of that name. Default: that of the
 *   template, else a new one.
 * @param options.grants the statements that give and take rights on the database itself, which no clone has from its
 *   template; of its name, as an identifier.
 */
export async function createTestDatabase(
  options: { template?: string; owner?: string; grants?: (database: string) => string } = {},
): Promise<TestDatabase> {
  const name = randomName()
  return asAdmin(async (admin) => {
    const owner = options.owner ?? (options.template ? await ownerOf(admin, options.template) : name)
    if (options.owner || !options.template) await ensureLoginRole(admin, owner)
    const template = id(options.template ?? 'template1')
    await admin.query(
      `CREATE DATABASE ${id(name)} OWNER ${id(owner)} TEMPLATE ${template} STRATEGY ${copyStrategy()}`,
    )
    if (options.grants) await admin.query(options.grants(id(name)))
    return {
      name,
      owner,
      url: urlOf(name, owner),
      adminUrl: urlOf(name),
      drop: () => asAdmin((admin) => dropDatabase(admin, name)),
    }
  })
}

/** Those that are there, and stay as long as their server: nobody connects to ask again. */
const seenTemplates = new Set<string>()

/**
 * Makes a database to clone, once on each server of a jest run: whoever calls first with a name prepares it (migrates
 * it, say), and the others wait and get the same one.
 *
 * @param prepare may connect as the owner (`url`) or the superuser, and must close its connections.
 * @returns the name, for `createTestDatabase({ template })`.
 */
export async function createTestTemplate(
  name: string,
  prepare: (template: { url: string; adminUrl: string }) => Promise<void>,
): Promise<string> {
  const template = `${testServerUrl()}/${name}`
  if (seenTemplates.has(template)) return name
  return onOwnConnection(async (admin) => {
    // Until its connection ends.
    await admin.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name])
    if (await ownerOf(admin, name).catch(() => undefined)) {
      seenTemplates.add(template)
      return name
    }

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

const sharedRoles = new Set<string>()

/**
 * The login role of this name, made if there is none, as it connects to a database. It stays as long as the server: what
 * is granted to it in a template, it has in each clone. A test that changes the role itself takes one of its own.
 */
export async function sharedTestRole({ url }: { url: string }, name: string): Promise<TestRole> {
  if (!sharedRoles.has(name)) await asAdmin((admin) => ensureLoginRole(admin, name))
  sharedRoles.add(name)
  return { name, url: urlOf(new URL(url).pathname, name) }
}

const randomName = () => `test_${randomBytes(8).toString('hex')}`

/** The superuser's URL of the server of this worker of the jest run. */
export function testServerUrl(): string {
  const { url } = serverOfWorker()
  if (url) return url
  throw new Error("There is no server: add globalSetup: '@ordinal/testing/global-setup' to jest.config.js.")
}

function serverOfWorker() {
  const { adminUrl, dataFolder } = serverVariables(Number(process.env.JEST_WORKER_ID ?? 1))
  return { url: process.env[adminUrl], dataFolder: process.env[dataFolder] ?? '' }
}

/** In memory, files are copied in a third of the time that it takes to write them to the log; on a disk it is not so. */
const copyStrategy = () => (isInMemory(serverOfWorker().dataFolder) ? 'FILE_COPY' : 'WAL_LOG')

/** All roles of the tests have the superuser's password, so that any worker can log in as any of them. */
function urlOf(database: string, role?: string): string {
  const url = new URL(testServerUrl())
  url.pathname = database
  if (role) url.username = role
  return url.href
}

/** The superuser's connection of a test file, by the server's URL: a new one costs 40 ms of a processor. */
const kept = new Map<string, Pool>()
let keeping = false
// A program that a test starts has no end of the file to wait for.
if (typeof afterAll === 'function') {
  keeping = true
  afterAll(async () => {
    keeping = false
    for (const admin of kept.values()) await admin.end()
  })
}

async function asAdmin<T>(work: (admin: Pool) => Promise<T>): Promise<T> {
  // The file's own afterAll comes later, and may drop what it made for all of its tests.
  if (!keeping) return onOwnConnection(work)
  const url = testServerUrl()
  const admin = kept.get(url) ?? connect(url)
  kept.set(url, admin)
  return work(admin)
}

/** One connection, made anew when it ends by itself, as a test may make it; statements of several wait for each other. */
function connect(url: string): Pool {
  const admin = new Pool({ connectionString: url, max: 1, idleTimeoutMillis: 0 })
  admin.on('error', () => {})
  return admin
}

async function onOwnConnection<T>(work: (admin: Pool) => Promise<T>): Promise<T> {
  const admin = connect(testServerUrl())
  return work(admin).finally(() => admin.end())
}

async function ownerOf(admin: Pool, database: string): Promise<string> {
  const sql = 'SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1'
  const { rows } = await admin.query<{ owner: string }>(sql, [database])
  if (!rows[0]) throw new Error(`There is no database ${database} to clone`)
  return rows[0].owner
}

async function ensureLoginRole(admin: Pool, name: string): Promise<void> {
  const password = literal(new URL(testServerUrl()).password)
  try {
    await admin.query(`CREATE ROLE ${id(name)} LOGIN NOSUPERUSER PASSWORD ${password}`)
  } catch (error) {
    // Made before, or (23505) by another worker at this moment.
    if (!(error instanceof DatabaseError && ['42710', '23505'].includes(error.code!))) throw error
  }
}

async function dropDatabase(admin: Pool, name: string): Promise<void> {
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

/**
 * A connection that was closed takes the server a moment to notice, and a busy one seconds. Pools close what is idle for
 * ten by themselves: one that was left open is looked for sooner. It counts looks, not seconds: those pass while the machine pauses.
 */
async function leakedConnections(admin: Pool, name: string): Promise<string[]> {
  const sql = `
    SELECT format('pid %s, %s, application_name "%s": %s', pid, usename, application_name, query) AS connection
    FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`
  for (let looksLeft = 100; ; looksLeft -= 1) {
    const { rows } = await admin.query<{ connection: string }>(sql, [name])
    if (rows.length === 0 || looksLeft === 0) return rows.map(({ connection }) => connection)
    await delay(50)
  }
}
