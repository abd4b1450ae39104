import { Client, escapeIdentifier as id, escapeLiteral as literal } from 'pg'

/** The login roles of the stack, none of which is superuser. */
export const roles = ['user_service', 'order_service', 'sequencer_owner', 'sequencer'] as const
export type Role = (typeof roles)[number]
export type Passwords = Record<Role, string>

/** Each database with the role that owns it, and so may migrate it. */
const owners = { userdb: 'user_service', orderdb: 'order_service', sequencerdb: 'sequencer_owner' } as const
export const databases = Object.keys(owners)

/**
 * Makes what is missing of the roles and databases, and sets the roles' passwords.
 *
 * A database is closed to all but its owner. The sequencer runs as a role of its own, which may connect and no
 * more (a temporary table could shadow the ledger): what it may do with the tables, its migrations grant.
 */
export async function prepareDatabases(adminUrl: string, passwords: Passwords): Promise<void> {
  const admin = new Client(adminUrl)
  await admin.connect()
  try {
    for (const role of roles) await ensureRole(admin, role, passwords[role])
    for (const [database, owner] of Object.entries(owners)) await ensureDatabase(admin, database, owner)
    await admin.query('GRANT CONNECT ON DATABASE sequencerdb TO sequencer')
  } finally {
    await admin.end()
  }
}

async function ensureRole(admin: Client, role: Role, password: string): Promise<void> {
  const { rowCount } = await admin.query('SELECT FROM pg_roles WHERE rolname = $1', [role])
  await admin.query(
    `${rowCount ? 'ALTER' : 'CREATE'} ROLE ${id(role)}
     LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${literal(password)}`,
  )
}

async function ensureDatabase(admin: Client, database: string, owner: Role): Promise<void> {
  const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [database])
  if (!rowCount) await admin.query(`CREATE DATABASE ${id(database)} OWNER ${id(owner)}`)
  await admin.query(`REVOKE ALL ON DATABASE ${id(database)} FROM PUBLIC`)
}
