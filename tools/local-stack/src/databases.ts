import { Client, escapeIdentifier as id, escapeLiteral as literal } from 'pg'
import { listedServices, roleOf } from './service-list'

/** The passwords of roles, by their names. */
export type Passwords = Record<string, string>

/** Each database with the role that owns it, and so may migrate it, and the role that the service runs as. */
const owned = listedServices.map(({ name, database, databaseOwner }) => {
  const runtime = roleOf(name)
  return { database, owner: databaseOwner ?? runtime, runtime }
})
export const databases = owned.map(({ database }) => database)

/** The login roles of the stack, none of which is superuser. */
export const roles = [...new Set(owned.flatMap(({ owner, runtime }) => [owner, runtime]))]

/**
 * Makes what is missing of the roles and databases, and sets the roles' passwords.
 *
 * A database is closed to all but its owner. The sequencer runs as another role, which may connect and no
 * more (a temporary table could shadow the ledger): what it may do with the tables, its migrations grant.
 */
export async function prepareDatabases(adminUrl: string, passwords: Passwords): Promise<void> {
  const admin = new Client(adminUrl)
  await admin.connect()
  try {
    for (const role of roles) await ensureRole(admin, role, passwords[role]!)
    for (const { database, owner, runtime } of owned) {
      await ensureDatabase(admin, database, owner)
      if (runtime !== owner) await admin.query(`GRANT CONNECT ON DATABASE ${id(database)} TO ${id(runtime)}`)
    }
  } finally {
    await admin.end()
  }
}

async function ensureRole(admin: Client, role: string, password: string): Promise<void> {
  const { rowCount } = await admin.query('SELECT FROM pg_roles WHERE rolname = $1', [role])
  await admin.query(
    `${rowCount ? 'ALTER' : 'CREATE'} ROLE ${id(role)}
     LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${literal(password)}`,
  )
}

async function ensureDatabase(admin: Client, database: string, owner: string): Promise<void> {
  const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [database])
  if (!rowCount) await admin.query(`CREATE DATABASE ${id(database)} OWNER ${id(owner)}`)
  await admin.query(`REVOKE ALL ON DATABASE ${id(database)} FROM PUBLIC`)
}
