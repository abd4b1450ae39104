import type { CounterRecord } from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'

export const inUtc = (column: string) =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** The columns of `ledger l` as they are in a record. */
export const entryColumns = `l.prefix, l.period, l.batch, l.position, l.value, l.revision, l.event, l.state, l.number,
  l.caller, l.idempotency_key, l.item, l.hold_seconds, l.client_id, l.generated_by, l.site_id, l.partition_id,
  l.invoice_type, to_char(l.business_date::timestamp, 'YYYY-MM-DD') AS business_date, l.reason, l.request_id, ${inUtc('l.at')} AS at`

export const batchColumns = `b.prefix, b.period, b.batch, b.rules_version, b.gap_policy, b.number_head, b.number_width,
  b.number_tail, b.rows, b.format, encode(b.hash, 'hex') AS hash, b.feed, ${inUtc('b.at')} AS at`

/** Whose chains: all, those of a sequence, or one. */
export interface Chosen {
  prefix?: string | undefined
  period?: string | undefined
}

/** A counter whose chain is to be read, as far as it goes. */
export interface ChainEnd {
  record: CounterRecord
  /** Whether there are rows before its first batch, or behind its last. */
  hasStrays: boolean
}

/** Now, by the clock of the database. */
export async function readTime(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ at: string }>(`SELECT ${inUtc('clock_timestamp()')} AS at`)
  return rows[0]!.at
}

/** The names of all counters that any table knows; each costs a look at an index, however many rows it has. */
export const named = (table: string) => `
  SELECT * FROM (
    WITH RECURSIVE name AS (
      (SELECT prefix, period FROM public.${table} ORDER BY prefix, period LIMIT 1)
      UNION ALL
      SELECT later.* FROM name, LATERAL (
        SELECT t.prefix, t.period FROM public.${table} t WHERE (t.prefix, t.period) > (name.prefix, name.period)
        ORDER BY t.prefix, t.period LIMIT 1) later
    )
    SELECT * FROM name
  ) ${table}`

/**
 * The counters as they are now, by prefix and period, with all of their chains.
 *
 * @param tx in a transaction of one snapshot, if anything is to be compared with it
 */
export async function readChainEnds(tx: Queryable, { prefix, period }: Chosen): Promise<ChainEnd[]> {
  const { rows } = await tx.query<CounterRecord & { has_strays: boolean }>(
    `SELECT 'counter' AS type, n.prefix, n.period, c.prefix IS NOT NULL AS exists,
            coalesce(c.first_value, 1) AS first_value, coalesce(c.last_value, 0) AS last_value,
            coalesce(c.reserved, 0) AS reserved, coalesce(c.free, 0) AS free, coalesce(c.void, 0) AS void,
            coalesce(c.batch, 0) AS batch, encode(coalesce(c.head, ''), 'hex') AS head, coalesce(c.feed, 0) AS feed,
            0 AS after_batch, repeat('0', 64) AS after_hash, b.through_batch,
            coalesce(l.first_batch < 1 OR l.last_batch > b.through_batch, false) AS has_strays
     FROM (${named('batches')} UNION ${named('ledger')} UNION SELECT prefix, period FROM public.counters) n
     LEFT JOIN public.counters c USING (prefix, period)
     CROSS JOIN LATERAL (
       SELECT greatest(c.batch, max(b.batch), 0) AS through_batch FROM public.batches b
       WHERE b.prefix = n.prefix AND b.period = n.period) b
     CROSS JOIN LATERAL (
       SELECT min(l.batch) AS first_batch, max(l.batch) AS last_batch FROM public.ledger l
       WHERE l.prefix = n.prefix AND l.period = n.period) l
     WHERE ($1::text IS NULL OR n.prefix = $1) AND ($2::text IS NULL OR n.period = $2)
     ORDER BY n.prefix, n.period`,
    [prefix ?? null, period ?? null],
  )
  return rows.map(({ has_strays: hasStrays, ...record }) => ({ record, hasStrays }))
}

/** Where a part of a chain begins or ends. */
export interface Bounds {
  /** The batch with which it begins. */
  sinceBatch?: number | undefined
  /** The moment from which on it is, and the one before which it ends. */
  from?: Date | undefined
  to?: Date | undefined
}

/**
 * A part of a chain.
 *
 * @returns null if nothing of the chain is in it
 */
export async function partOf(
  db: Queryable,
  chain: CounterRecord,
  { sinceBatch, from, to }: Bounds,
): Promise<CounterRecord | null> {
  const { prefix, period } = chain
  const lastBefore = (time: Date) => lastBatchBefore(db, chain, time)
  const after_batch = from ? await lastBefore(from) : Math.max(0, (sinceBatch ?? 1) - 1)
  const through_batch = to ? await lastBefore(to) : chain.through_batch
  if ((from || to || sinceBatch) && after_batch >= through_batch) return null
  if (after_batch === 0) return { ...chain, through_batch }
  const { rows } = await db.query<{ hash: string }>(
    `SELECT encode(hash, 'hex') AS hash FROM public.batches WHERE prefix = $1 AND period = $2 AND batch = $3`,
    [prefix, period, after_batch],
  )
  return { ...chain, after_batch, after_hash: rows[0]?.hash ?? '', through_batch }
}

/** The last batch before a moment, by bisection: batches have the times in which they follow each other. */
async function lastBatchBefore(
  db: Queryable,
  { prefix, period, through_batch }: CounterRecord,
  time: Date,
): Promise<number> {
  let [before, last] = [0, through_batch]
  while (before < last) {
    const middle = Math.ceil((before + last) / 2)
    const { rows } = await db.query<{ batch: number; before: boolean }>(
      `SELECT batch, at < $5 AS before FROM public.batches
       WHERE prefix = $1 AND period = $2 AND batch BETWEEN $3 AND $4 ORDER BY batch LIMIT 1`,
      [prefix, period, middle, last, time],
    )
    if (rows[0]?.before) before = rows[0].batch
    else last = middle - 1
  }
  return before
}
