import { Writable } from 'node:stream'
import { Client } from 'pg'
import { parseConfig } from '@ordinal/config'
import {
  createApiClient,
  createTestDatabase,
  createTestRole,
  createTestTemplate,
  documentOf,
  sharedTestRole,
  type TestDatabase,
} from '@ordinal/testing'
import { createSequencer, migrateSequencer } from '../src/app'
import { sequencerConfig } from '../src/config'

/**
 * A database with the ledger's schema, with a role that owns it and one that the service runs as. That is one for all
 * tests, unless a test is about what the role itself is or may.
 */
export async function createLedgerDatabase({ roleOfItsOwn = false } = {}): Promise<
  TestDatabase & { runtimeUrl: string }
> {
  if (roleOfItsOwn) {
    const template = await createTestTemplate('sequencer', async ({ url }) => {
      await migrateSequencer(parseConfig(sequencerConfig, { SEQUENCER_DATABASE_URL: url }))
      await takeAnyDate(url)
    })
    const database = await createTestDatabase({ template })
    const { url: runtimeUrl } = await createTestRole(database)
    await migrateSequencer(configFor({ url: database.url, runtimeUrl }))
    return { ...database, runtimeUrl }
  }
  const template = await createTestTemplate('sequencer_with_role', async ({ url }) => {
    const { url: runtimeUrl } = await sharedTestRole({ url }, runtimeRole)
    await migrateSequencer(configFor({ url, runtimeUrl }))
    await takeAnyDate(url)
  })
  const database = await createTestDatabase({ template, grants: noTemporaryTables })
  return { ...database, runtimeUrl: (await sharedTestRole(database, runtimeRole)).url }
}

const runtimeRole = 'sequencer_runtime'
const noTemporaryTables = (database: string) => `REVOKE TEMPORARY ON DATABASE ${database} FROM PUBLIC`

/** INV takes business dates of any year, as if it had from the beginning. */
async function takeAnyDate(url: string): Promise<void> {
  const owner = new Client(url)
  await owner.connect()
  await owner.query(`
    ALTER TABLE sequences DISABLE TRIGGER sequences_append_only;
    UPDATE sequences SET business_date_past_days = NULL WHERE prefix = 'INV';
    ALTER TABLE sequences ENABLE ALWAYS TRIGGER sequences_append_only;
    ALTER TABLE register DISABLE TRIGGER register_append_only;
    DELETE FROM register;
    ALTER TABLE register ENABLE ALWAYS TRIGGER register_append_only;
    SELECT register_rows()`)
  await owner.end()
}

export function configFor(
  { url, runtimeUrl }: { url: string; runtimeUrl: string },
  env: Record<string, string> = {},
) {
  const given = {
    METRICS_MAX_AGE_MS: '0',
    SEQUENCER_MIGRATION_DATABASE_URL: url,
    SEQUENCER_DATABASE_URL: runtimeUrl,
    // Tests are strangers who draw as fast as they can.
    SEQUENCER_ANONYMOUS_QUOTA_NUMBERS: '0',
    SEQUENCER_ANONYMOUS_QUOTA_RESERVATIONS: '0',
    ...env,
  }
  return { ...parseConfig(sequencerConfig, given), port: 0, grpcPort: 0 }
}

/** A sequencer that takes requests, on a free port. */
export async function startSequencer(
  database: { url: string; runtimeUrl: string },
  env: Record<string, string> = {},
) {
  const lines: string[] = []
  const log = new Writable({
    write(chunk, _encoding, done) {
      // What is logged at once comes in one piece.
      lines.push(...String(chunk).split(/(?<=\n)/))
      done()
    },
  })
  const service = createSequencer(configFor(database, env), log)
  const url = `http://127.0.0.1:${await service.start()}`
  const openApi = documentOf(env, service)
  return {
    url,
    grpcPort: service.grpcPort,
    openApi,
    api: createApiClient({ url, document: openApi }),
    lines,
    stop: () => service.stop(),
  }
}

/** What the ledger has of a sequence: the values in order. */
export async function valuesIn(database: { adminUrl: string }, prefix: string): Promise<number[]> {
  const rows = await queryAsAdmin<{ value: string }>(
    database,
    'SELECT value FROM ledger WHERE prefix = $1 ORDER BY value',
    [prefix],
  )
  return rows.map(({ value }) => Number(value))
}

export async function queryAsAdmin<R extends object>(
  { adminUrl }: { adminUrl: string },
  sql: string,
  values: unknown[] = [],
): Promise<R[]> {
  const admin = new Client(adminUrl)
  // The server may be killed meanwhile; the query fails then, and that is enough.
  admin.on('error', () => {})
  await admin.connect()
  try {
    return (await admin.query<R>(sql, values)).rows
  } finally {
    await admin.end()
  }
}

/**
 * Who waits for a lock of the session that asks, and not for another. In a transaction, pg_stat_activity shows the
 * sessions of its first look, and none that has connected since.
 */
export const heldUp =
  'SELECT DISTINCT pid FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))'

/** 1, 2, 3, up to n. */
export const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1)
