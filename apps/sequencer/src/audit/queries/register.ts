import type { RegisteredRecord, RegisterRecord } from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'
import { inUtc, whole } from './columns'

/** The chain of rules, sites, closed periods and keys, and what the tables have of it now. */
interface StoredRegister {
  entries: RegisterRecord[]
  rows: RegisteredRecord[]
}

/**
 * Reads the register, and the rows that it is about.
 *
 * @param tx a transaction; its time zone becomes UTC, in which the entries were written
 */
export async function readRegister(tx: Queryable): Promise<StoredRegister> {
  await tx.query(`SET LOCAL timezone = 'UTC'`)
  const { rows: entries } = await tx.query<RegisterRecord>(
    `SELECT 'register' AS type, ${whole('r.entry')} AS entry, r.kind, r.name, r.version, r.content::text, encode(r.hash, 'hex') AS hash,
            ${inUtc('r.at')} AS at
     FROM public.register r ORDER BY r.entry`,
  )
  const { rows } = await tx.query<RegisteredRecord>(
    `SELECT 'registered' AS type, r.* FROM (
       SELECT 'rules' AS kind, prefix AS name, version, to_jsonb(s)::text AS content FROM public.sequences s
       UNION ALL
       SELECT 'site', site_id, version, to_jsonb(s)::text FROM public.sites s
       UNION ALL
       SELECT 'api_key', id, version, to_jsonb(k)::text FROM public.api_keys k
       UNION ALL
       SELECT 'closed_period', prefix || ' ' || period, 0, to_jsonb(c)::text FROM public.closed_periods c) r
     ORDER BY r.kind, r.name, r.version`,
  )
  return { entries, rows }
}

/** The last entry, for a checkpoint. */
export async function readRegisterHead(db: Queryable): Promise<{ entry: number; hash: string } | null> {
  const { rows } = await db.query<{ entry: number; hash: string }>(
    `SELECT ${whole('entry')} AS entry, encode(hash, 'hex') AS hash FROM public.register r ORDER BY r.entry DESC LIMIT 1`,
  )
  return rows[0] ?? null
}
