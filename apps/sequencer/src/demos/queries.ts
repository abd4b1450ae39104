import type { Queryable } from '@ordinal/database'

/** Values of a period, and what a demonstration has drawn of them. */
interface DrawnRange {
  prefix: string
  period: string
  first: number
  last: number
  /** Its mark in the ledger. */
  run: string
  numbers: readonly string[]
}

/** What the ledger has of some values. */
interface RangeCounts {
  /** Times that a value was issued while a document held it. */
  doubled: number
  /** Values that are in the ledger. */
  recorded: number
  /** Numbers of the demonstration that are in the ledger. */
  kept: number
}

export async function countRange(
  db: Queryable,
  { prefix, period, first, last, run, numbers }: DrawnRange,
): Promise<RangeCounts> {
  const { rows } = await db.query<RangeCounts>({
    name: 'check_promises',
    text: `WITH steps AS MATERIALIZED (
             SELECT value, revision, number, event, generated_by,
                    lag(state) OVER (PARTITION BY value ORDER BY revision) AS before
             FROM public.ledger WHERE prefix = $1 AND period = $2 AND value BETWEEN $3 AND $4)
           SELECT (SELECT count(*)::int FROM steps WHERE event = 'issue' AND coalesce(before, 'free') <> 'free') AS doubled,
                  (SELECT count(*)::int FROM steps WHERE revision = 1) AS recorded,
                  (SELECT count(DISTINCT n)::int FROM unnest($6::text[]) n
                   JOIN steps s ON s.number = n AND s.generated_by = $5) AS kept`,
    values: [prefix, period, first, last, run, numbers],
  })
  return rows[0]!
}

/** How many of some values are issued now. */
export async function countIssued(
  db: Queryable,
  { prefix, period }: { prefix: string; period: string },
  values: readonly number[],
): Promise<number> {
  const { rows } = await db.query<{ filled: number }>({
    name: 'check_filled',
    text: `SELECT count(*)::int AS filled FROM (
             SELECT DISTINCT ON (value) state FROM public.ledger
             WHERE prefix = $1 AND period = $2 AND value = ANY ($3::bigint[])
             ORDER BY value, revision DESC) last
           WHERE state = 'issued'`,
    values: [prefix, period, values],
  })
  return rows[0]!.filled
}
