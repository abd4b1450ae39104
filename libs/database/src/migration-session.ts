import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { databaseErrorOf, reasonOf } from './errors'
import { MigrationError } from './migration-plan'
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
  log: (message: string) => void
}

/**
 * Runs `work` on a connection that alone may migrate the database.
 * @throws MigrationError if the database does not answer within `waitMs`, if another instance still migrates
 *   after `lockWaitMs`, or if a connection pooler stands in between.
 */
export async function withMigrationSession<T>(
  options: SessionOptions,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connectWithRetry(options)
  try {
    await requireDirectConnection(client)
    await lock(client, options)
    return await work(client)
  } finally {
    // The lock goes with the session.
    await client.end()
  }
}

async function connectWithRetry({ url, waitMs, log }: SessionOptions): Promise<Client> {
  const deadline = Date.now() + waitMs
  for (let attempt = 1; ; attempt++) {
    const client = new Client({
      connectionString: url,
      application_name: 'migrate',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    })
    client.on('error', ignore)
    try {
      await client.connect()
      return client
    } catch (error) {
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

/** A wrong password or a missing database stays so; a server that starts refuses, resets or says so. */
function mayComeUp(error: unknown): boolean {
  const kind = databaseErrorOf(error)?.kind
  return kind === 'unreachable' || kind === 'connection_lost' || kind === 'too_many_connections'
}

/** A pooler invents the process id that it tells its clients, and may give every statement another session. */
async function requireDirectConnection(client: Client) {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  if (rows[0]?.pid === Reflect.get(client, 'processID')) return
  throw new MigrationError(
    'A connection pooler (pgbouncer or the like) stands before the database, and the lock that migrations ' +
      'need does not hold through it. Give migrations a URL that leads to PostgreSQL itself.',
  )
}

/**
 * Asks again and again rather than wait inside pg_advisory_lock: CREATE INDEX CONCURRENTLY of the instance
 * that migrates waits for every older statement to end, that one too, and both would be in a deadlock.
 */
async function lock(client: Client, { lockWaitMs, log }: SessionOptions) {
  const deadline = Date.now() + lockWaitMs
  for (let attempt = 1; ; attempt++) {
    const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [
      LOCK_KEY,
    ])
    if (rows[0]?.locked) return
    if (Date.now() >= deadline) {
      throw new MigrationError(`Another instance is still migrating the database after ${lockWaitMs} ms`)
    }
    if (attempt === 1) log('waiting for another instance to migrate the database')
    await sleep(POLL_MS)
  }
}

function ignore() {}
