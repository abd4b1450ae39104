import type { RegisteredRecord, RegisterRecord } from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'
import type { Logger } from '@ordinal/logging'
import type { ApiKey } from '@ordinal/middleware'
import { inUtc } from './records'

/** The chain of rules, sites, closed periods and keys, and what the tables have of it now. */
export interface StoredRegister {
  entries: RegisterRecord[]
  rows: RegisteredRecord[]
}

/** @param tx in a transaction, whose time zone becomes UTC: in it the entries were written */
export async function readRegister(tx: Queryable): Promise<StoredRegister> {
  await tx.query(`SET LOCAL timezone = 'UTC'`)
  const { rows: entries } = await tx.query<RegisterRecord>(
    `SELECT 'register' AS type, r.entry, r.kind, r.name, r.version, r.content::text, encode(r.hash, 'hex') AS hash,
            ${inUtc('r.at')} AS at
     FROM public.register r ORDER BY r.entry`,
  )
  const { rows } = await tx.query<RegisteredRecord>(
    `SELECT 'registered' AS type, r.* FROM (
       SELECT 'rules' AS kind, prefix AS name, version, to_jsonb(s)::text AS content FROM public.sequences s
       UNION ALL
       SELECT 'site', site_id, version, to_jsonb(s)::text FROM public.sites s
       UNION ALL
       SELECT 'closed_period', prefix || ' ' || period, 0, to_jsonb(c)::text FROM public.closed_periods c) r
     ORDER BY r.kind, r.name, r.version`,
  )
  return { entries, rows }
}

/** The last entry, for a checkpoint. */
export async function readRegisterHead(db: Queryable): Promise<{ entry: number; hash: string } | null> {
  const { rows } = await db.query<{ entry: number; hash: string }>(
    `SELECT entry, encode(hash, 'hex') AS hash FROM public.register ORDER BY entry DESC LIMIT 1`,
  )
  return rows[0] ?? null
}

/** Puts the keys by which this service knows callers into the register, at its start. */
export function registerKeysAtStart(db: Queryable, apiKeys: readonly ApiKey[] | undefined, log: Logger) {
  const register = async () => {
    const keys: Record<string, string[]> = {}
    for (const { id, sha256 } of apiKeys ?? []) (keys[id] ??= []).push(sha256.toString('hex'))
    for (const digests of Object.values(keys)) digests.sort()
    await db.query('SELECT public.register_keys($1)', [JSON.stringify(keys)])
  }
  let registering = Promise.resolve()
  return {
    start() {
      registering = register().catch(
        (error: unknown) => void log.warn('the keys of callers could not be registered', { error }),
      )
    },
    stop: () => registering,
  }
}
