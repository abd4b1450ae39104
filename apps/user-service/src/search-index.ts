import { databaseUrlOf } from '@ordinal/config'
import { DatabaseClient, hasOwnSession, type Queryable } from '@ordinal/database'
import type { Logger } from '@ordinal/logging'
import { soonAfterStart, type MigrationSettings } from '@ordinal/service'
import {
  buildSearchIndex,
  createTrigramExtension,
  dropSearchIndex,
  searchIndexState,
  tryToLockIndex,
} from './search-index-queries'

const sessionCheckMs = 5_000

/**
 * Builds the index of searches where it is missing, if pg_trgm is there or may be created: migrations that could not have it
 * went on without. Writers of users do not wait for it, nor do other instances that start meanwhile. Without it
 * the service starts, and searches read all users.
 *
 * @param log takes a line about what it does, or what prevents it
 */
export async function ensureSearchIndex(
  settings: MigrationSettings,
  log: (line: string) => void,
): Promise<void> {
  const client = new DatabaseClient({
    connectionString: settings.migrationDatabaseUrl ?? databaseUrlOf(settings),
    application_name: 'migrate',
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await buildIfMissing(client, log)
  } catch (error) {
    if (!isWithoutRight(error)) log(`the index of searches could not be built: ${(error as Error).message}`)
  } finally {
    await client.end()
  }
}

async function buildIfMissing(client: DatabaseClient, log: (line: string) => void): Promise<void> {
  if ((await searchIndexState(client)) === 'ready') return
  // The lock and the limits are the session's: through a pooler they would be another client's.
  if (!(await hasOwnSession(client, sessionCheckMs)) || !(await tryToLockIndex(client))) return
  const state = await searchIndexState(client)
  if (state === 'ready') return
  await createTrigramExtension(client)
  log('building the index of searches')
  // One that was cut short serves no search, and costs every write.
  if (state === 'invalid') await dropSearchIndex(client)
  await buildSearchIndex(client)
}

// Insufficient privilege; a server without the extension's files, or one that allows only some. `createSearchNotice` logs
// what follows from it.
const withoutRight = ['42501', '58P01', '0A000']
const isWithoutRight = (error: unknown) => withoutRight.includes((error as { code?: string }).code ?? '')

/** Logs once, soon after the start, if searches read all users. */
export const createSearchNotice = (db: Queryable, log: Logger) =>
  soonAfterStart(
    async () => {
      if ((await searchIndexState(db)) === 'ready') return
      log.warn('searches read all users: pg_trgm is missing, or the index that it makes', {
        remedy:
          'have CREATE EXTENSION pg_trgm run in this database; the next start, or --migrate, builds the index',
      })
    },
    log,
    'the index of searches could not be looked for',
  )
