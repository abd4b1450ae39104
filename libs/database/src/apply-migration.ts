import { randomUUID } from 'node:crypto'
import type { Client } from 'pg'
import { databaseErrorOf, endsSession, reasonOf } from './errors'
import type { Migration } from './migration-files'
import { MigrationError } from './migration-plan'
import { recordFailure, recordFinish, recordRollback, recordStart } from './migration-records'

const NOT_IN_A_TRANSACTION = '25001'

/**
 * Applies a migration in the transaction that has begun, with its record, and commits it.
 *
 * @param applyAlone for what PostgreSQL does in no transaction; nothing is left of the attempt
 */
export async function applyMigration(client: Client, migration: Migration, applyAlone: () => Promise<void>) {
  const id = randomUUID()
  try {
    await run(client, id, migration)
    await client.query('COMMIT')
  } catch (error) {
    if (endsSession(error)) throw failure(migration, 'lost its connection', error, 'Start again')
    await client.query('ROLLBACK')
    // A script with a COMMIT of its own has committed the start of its record too.
    if (await recordFailure(client, id, reasonOf(error))) throw halfWay(migration, error)
    if (databaseErrorOf(error)?.sqlState === NOT_IN_A_TRANSACTION) return applyAlone()
    await recordRollback(client, id, migration, reasonOf(error))
    throw failure(
      migration,
      'was rolled back',
      error,
      'Nothing of it is left: remove the cause and start again',
    )
  }
}

/**
 * For what PostgreSQL does in no transaction, as CREATE INDEX CONCURRENTLY: the only statement of its script. It holds up nobody
 * while it waits for locks, and would be left half done if it did not.
 */
export async function applyAlone(client: Client, migration: Migration) {
  const id = randomUUID()
  try {
    // Whatever limits the role has are reset afterwards.
    await client.query('SET statement_timeout = 0; SET lock_timeout = 0')
    await run(client, id, migration)
  } catch (error) {
    if (!endsSession(error)) await recordFailure(client, id, reasonOf(error))
    throw halfWay(migration, error)
  }
}

async function run(client: Client, id: string, migration: Migration) {
  await recordStart(client, id, migration)
  await client.query(migration.script)
  // A script may leave another role or search_path behind, with which the record cannot be found or written.
  await client.query('RESET ROLE; RESET ALL')
  await recordFinish(client, id)
}

function halfWay(migration: Migration, error: unknown) {
  return failure(migration, 'failed half way', error, 'The next start tells how to resolve it')
}

function failure({ name }: Migration, what: string, cause: unknown, advice: string) {
  return new MigrationError(`Migration ${name} ${what}: ${reasonOf(cause)}. ${advice}.`, { cause })
}
