import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { DatabaseClient } from './client'
import type { DatabaseErrorKind } from './error-kinds'
import { databaseErrorOf, ReadOnlyError, reasonOf } from './errors'
import { MigrationError } from './migration-plan'
import { hasOwnSession } from './pooler'
import { redactUrl } from './url'

// Prisma's own: its CLI and this runner keep out of each other's way.
const LOCK_KEY = 72707369
const POLL_MS = 250
const CONNECT_TIMEOUT_MS = 5_000

export interface SessionOptions {
  url: string
  /** How long to wait for a database that is not up yet. */
  waitMs: number
  /** How long to wait for another instance that is migrating. */
  lockWaitMs: number
  /** How long a migration waits for a lock that others hold; 0 for as long as it takes. */
  tableLockMs: number
  log: (message: string) => void
}

interface Connected {
  client: Client
  /** Whether no pooler is between the client and its session. */
  direct: boolean
}

/**
 * A connection for migrations.
 * @throws MigrationError if the database does not answer within `waitMs`.
 */
export async function connectToMigrate({ url, waitMs, log }: SessionOptions): Promise<Connected> {
  const deadline = Date.now() + waitMs
  for (let attempt = 1; ; attempt++) {
    const client = new DatabaseClient({
      connectionString: url,
      application_name: 'migrate',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    })
    client.on('error', ignore)
    try {
      await client.connect()
      // A pooler takes connections also while the database is down.
      const direct = await hasOwnSession(client, CONNECT_TIMEOUT_MS)
      await requireWritable(client)
      return { client, direct }
    } catch (error) {
      // Not awaited: one that never began to connect does not say that it has ended.
      void client.end()
      const reason = reasonOf(error)
      if (!mayComeUp(error)) throw error
      if (Date.now() >= deadline) {
        throw new MigrationError(`${redactUrl(url)} did not answer within ${waitMs} ms: ${reason}`, {
          cause: error,
        })
      }
      if (attempt === 1) log(`waiting for ${redactUrl(url)}: ${reason}`)
      await sleep(POLL_MS)
    }
  }
}

const passing = new Set<DatabaseErrorKind | undefined>([
  'unreachable',
  'connection_lost',
  'too_many_connections',
  // A standby, until it or another is the primary.
  'read_only',
])

/** A wrong password or a missing database stays so; a server that starts refuses, resets or says so. */
const mayComeUp = (error: unknown) => passing.has(databaseErrorOf(error)?.kind)

/** @throws ReadOnlyError */
async function requireWritable(client: Client): Promise<void> {
  const { rows } = await client.query<{ isReadOnly: boolean }>(
    `SELECT current_setting('transaction_read_only')::boolean AS "isReadOnly"`,
  )
  if (rows[0]?.isReadOnly) throw new ReadOnlyError()
}

/**
 * Begins a transaction without the limits that the role may have: a migration takes its time. For a lock it waits no longer than
 * `tableLockMs`, since all who want the table after it wait behind it.
 */
export async function begin(
  client: Client,
  { tableLockMs }: Pick<SessionOptions, 'tableLockMs'>,
): Promise<void> {
  await client.query(`BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = ${tableLockMs};
    SET LOCAL idle_in_transaction_session_timeout = 0`)
}

/**
 * Waits until this session alone may migrate the database.
 * @throws MigrationError if another instance still migrates after `lockWaitMs`.
 */
export function lockSession(client: Client, options: SessionOptions): Promise<void> {
  return waitForLock(options, () => tryLock(client, 'pg_try_advisory_lock'))
}

/**
 * Begins a transaction that alone may migrate the database. While it waits for the lock no transaction is open, which would
 * take a connection of the pooler from others.
 * @throws MigrationError if another instance still migrates after `lockWaitMs`.
 */
export function beginLocked(client: Client, options: SessionOptions): Promise<void> {
  return waitForLock(options, async () => {
    await begin(client, options)
    const locked = await tryLock(client, 'pg_try_advisory_xact_lock')
    if (!locked) await client.query('ROLLBACK')
    return locked
  })
}

async function tryLock(client: Client, lock: 'pg_try_advisory_lock' | 'pg_try_advisory_xact_lock') {
  const { rows } = await client.query<{ locked: boolean }>(`SELECT ${lock}($1) AS locked`, [LOCK_KEY])
  return rows[0]!.locked
}

/**
 * Asks again and again rather than wait inside pg_advisory_lock: CREATE INDEX CONCURRENTLY of the instance
 * that migrates waits for every older statement to end, that one too, and both would be in a deadlock.
 */
async function waitForLock({ lockWaitMs, log }: SessionOptions, tryLock: () => Promise<boolean>) {
  const deadline = Date.now() + lockWaitMs
  for (let attempt = 1; ; attempt++) {
    if (await tryLock()) return
    if (Date.now() >= deadline) {
      throw new MigrationError(`Another instance is still migrating the database after ${lockWaitMs} ms`)
    }
    if (attempt === 1) log('waiting for another instance to migrate the database')
    await sleep(POLL_MS)
  }
}

function ignore() {}
