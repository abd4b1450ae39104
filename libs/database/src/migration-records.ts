import type { Migration } from './migration-files'
import { checksumOf } from './migration-files'
import type { Queryable } from './queryable'

/** A row of `_prisma_migrations`: one attempt to apply a migration. */
export interface MigrationRecord {
  migration_name: string
  checksum: string
  started_at: Date
  finished_at: Date | null
  rolled_back_at: Date | null
  logs: string | null
}

/** Makes the table exactly as Prisma does. */
export async function createRecords(db: Queryable): Promise<void> {
  // CREATE TABLE IF NOT EXISTS would ask for the right to create even where there is nothing to do.
  if (await recordsExist(db)) return
  await db.query(`
    CREATE TABLE _prisma_migrations (
      id                  VARCHAR(36) PRIMARY KEY NOT NULL,
      checksum            VARCHAR(64) NOT NULL,
      finished_at         TIMESTAMPTZ,
      migration_name      VARCHAR(255) NOT NULL,
      logs                TEXT,
      rolled_back_at      TIMESTAMPTZ,
      started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
      applied_steps_count INTEGER NOT NULL DEFAULT 0
    )`)
}

async function recordsExist(db: Queryable): Promise<boolean> {
  const { rows } = await db.query(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS exist`)
  return rows[0]?.exist === true
}

/** All attempts that are on record, oldest first. */
export async function readRecords(db: Queryable): Promise<MigrationRecord[]> {
  const { rows } = await db.query<MigrationRecord>(`
    SELECT migration_name, checksum, started_at, finished_at, rolled_back_at, logs
    FROM _prisma_migrations ORDER BY started_at, migration_name`)
  return rows
}

export async function recordStart(db: Queryable, id: string, { name, script }: Migration): Promise<void> {
  await db.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at)
     VALUES ($1, $2, $3, clock_timestamp())`,
    [id, checksumOf(script), name],
  )
}

export async function recordFinish(db: Queryable, id: string): Promise<void> {
  await db.query(
    `UPDATE _prisma_migrations SET finished_at = clock_timestamp(), applied_steps_count = 1 WHERE id = $1`,
    [id],
  )
}

/** Adds the reason to the record of an attempt that left part of itself behind; false if there is none. */
export async function recordFailure(db: Queryable, id: string, logs: string): Promise<boolean> {
  const { rowCount } = await db.query('UPDATE _prisma_migrations SET logs = $2 WHERE id = $1', [id, logs])
  return rowCount === 1
}

/** Keeps an attempt that left nothing behind: to Prisma it is resolved, and may simply be tried again. */
export async function recordRollback(db: Queryable, id: string, migration: Migration, logs: string) {
  await db.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, logs, started_at, rolled_back_at)
     VALUES ($1, $2, $3, $4, clock_timestamp(), clock_timestamp())`,
    [id, checksumOf(migration.script), migration.name, logs],
  )
}
