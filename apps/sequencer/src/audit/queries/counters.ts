import type { CounterRecord } from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'
import { inUtc, whole } from './columns'

/** Which chains: all, those of a sequence, or one. */
export interface Chosen {
  prefix?: string | undefined
  period?: string | undefined
}

/** A counter whose chain is to be read, as far as it goes. */
interface ChainEnd {
  record: CounterRecord
  /** Whether there are rows before its first batch, or behind its last. */
  hasStrays: boolean
}

/** Now, by the clock of the database. */
export async function readTime(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ at: string }>(`SELECT ${inUtc('clock_timestamp()')} AS at`)
  return rows[0]!.at
}

/** SQL for the prefix and period of every counter in a table; each costs one look at an index, however many rows it has. */
export const countersIn = (table: string) => `
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
            ${counterColumn('first_value', 1)}, ${counterColumn('last_value', 0)}, ${counterColumn('reserved', 0)},
            ${counterColumn('free', 0)}, ${counterColumn('void', 0)}, ${counterColumn('batch', 0)},
            encode(coalesce(c.head, ''), 'hex') AS head, ${counterColumn('feed', 0)},
            0 AS after_batch, repeat('0', 64) AS after_hash, b.through_batch,
            coalesce(l.first_batch < 1 OR l.last_batch > b.through_batch, false) AS has_strays
     FROM (${countersIn('batches')} UNION ${countersIn('ledger')} UNION SELECT prefix, period FROM public.counters) n
     LEFT JOIN public.counters c USING (prefix, period)
     CROSS JOIN LATERAL (
       SELECT least(greatest(c.batch, max(b.batch), 0), ${Number.MAX_SAFE_INTEGER}) AS through_batch FROM public.batches b
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

const counterColumn = (name: string, ifNone: number) =>
  `coalesce(${whole(`c.${name}`)}, ${ifNone}) AS ${name}`

/** Where a part of a chain begins or ends. */
interface Bounds {
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

/** The last batch before a moment, by bisection: the times of batches ascend. */
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
