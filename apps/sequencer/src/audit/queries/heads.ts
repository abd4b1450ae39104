import type { Checkpoint, Cut, Head } from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'
import { inUtc, whole } from './columns'
import { countersIn, type Chosen } from './counters'

/** The heads of all chains at one moment. */
interface Heads {
  /** All that is dated earlier is in them, but for what a transaction of a minute before has not committed yet. */
  at: string
  /** They have exactly the batches below this place in the feed. */
  feed: number
  /** By prefix and period. */
  heads: Head[]
}

/**
 * Reads the last batch of each chain, as far as the feed is complete.
 *
 * @param tx a transaction with one snapshot
 */
export async function readHeads(tx: Queryable, { prefix, period }: Chosen): Promise<Heads> {
  const { rows: moments } = await tx.query<{ feed: number; settled: boolean; at: string }>(
    `SELECT pg_snapshot_xmin(s)::text::bigint AS feed, pg_snapshot_xmin(s) = pg_snapshot_xmax(s) AS settled,
            ${inUtc('clock_timestamp()')} AS at
     FROM pg_current_snapshot() s`,
  )
  const { feed, settled, at: now } = moments[0]!
  const { rows } = await tx.query<Head & { at: string }>(
    `SELECT n.prefix, n.period, ${whole('b.batch')} AS batch, encode(b.hash, 'hex') AS head, ${inUtc('b.at')} AS at
     FROM (${countersIn('batches')}) n
     CROSS JOIN LATERAL (
       SELECT b.batch, b.hash, b.at FROM public.batches b
       WHERE b.prefix = n.prefix AND b.period = n.period AND b.feed < $3 ORDER BY b.batch DESC LIMIT 1) b
     WHERE ($1::text IS NULL OR n.prefix = $1) AND ($2::text IS NULL OR n.period = $2)
     ORDER BY n.prefix, n.period`,
    [prefix ?? null, period ?? null, feed],
  )
  // A transaction that is still open is dated after the latest head, but perhaps long before now.
  const latest = rows.reduce((latest, { at }) => (at > latest ? at : latest), '')
  const heads = rows.map(({ prefix, period, batch, head }) => ({ prefix, period, batch, head }))
  return { at: settled || latest === '' ? now : latest, feed, heads }
}

/**
 * For each chain, the last batch that a checkpoint covers and the first that it does not.
 *
 * @param tx a transaction with one snapshot
 * @param heads of the checkpoint, if they were kept apart from it
 */
export async function readCuts(
  tx: Queryable,
  checkpoint: Checkpoint,
  heads: readonly Head[] | undefined = checkpoint.heads,
): Promise<Cut[]> {
  const isTree = checkpoint.type === 'ordinal-checkpoint-v2'
  const byFeed = isTree && !heads
  const { rows } = await tx.query<{
    prefix: string
    period: string
    batch: number | null
    hash: string
    next: number | null
    next_at: string
  }>(
    `SELECT n.prefix, n.period, ${whole('b.batch')} AS batch, encode(b.hash, 'hex') AS hash, ${whole('next.batch')} AS next, ${inUtc('next.at')} AS next_at
     FROM (${countersIn('batches')}) n
     LEFT JOIN unnest($1::text[], $2::text[], $3::bigint[]) AS h(prefix, period, batch)
       ON h.prefix = n.prefix AND h.period = n.period
     LEFT JOIN LATERAL (
       SELECT b.batch, b.hash FROM public.batches b
       WHERE b.prefix = n.prefix AND b.period = n.period
         AND CASE WHEN $4 THEN b.feed < $5 AND b.at <= $6 ELSE b.batch <= coalesce(h.batch, 0) END
       ORDER BY b.batch DESC LIMIT 1) b ON true
     LEFT JOIN LATERAL (
       SELECT b2.batch, b2.at FROM public.batches b2
       WHERE b2.prefix = n.prefix AND b2.period = n.period AND b2.batch > coalesce(b.batch, 0)
       ORDER BY b2.batch LIMIT 1) next ON true
     WHERE ($7::text IS NULL OR n.prefix = $7) AND ($8::text IS NULL OR n.period = $8)
     ORDER BY n.prefix, n.period`,
    [
      heads?.map(({ prefix }) => prefix) ?? [],
      heads?.map(({ period }) => period) ?? [],
      heads?.map(({ batch }) => batch) ?? [],
      byFeed,
      isTree ? checkpoint.feed : 0,
      checkpoint.at,
      isTree ? checkpoint.prefix : null,
      isTree ? checkpoint.period : null,
    ],
  )
  return rows.map(({ prefix, period, batch, hash, next, next_at }) => ({
    prefix,
    period,
    last: batch === null ? null : { batch, hash },
    next: next === null ? null : { batch: next, at: next_at },
  }))
}
