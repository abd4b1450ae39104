import type { Queryable } from '@ordinal/database'

/** A promise of the service, and whether it was kept; read from the ledger. */
export interface KeptPromise {
  promise: string
  held: boolean
  found: string
}

/** What a demonstration has drawn. */
export interface Draws {
  prefix: string
  period: string
  /** Its mark in the ledger. */
  run: string
  numbers: readonly string[]
  values: readonly number[]
}

/** Looks in the ledger whether the promises were kept for the values that were drawn. */
export async function checkPromises(db: Queryable, draws: Draws): Promise<KeptPromise[]> {
  const { prefix, period, run, numbers, values } = draws
  const first = values.reduce((a, b) => Math.min(a, b))
  const last = values.reduce((a, b) => Math.max(a, b))
  const { rows } = await db.query<{ doubled: number; recorded: number; kept: number }>({
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
  const { doubled, recorded, kept } = rows[0]!
  const asked = new Set(numbers).size
  const range = last - first + 1
  return [
    {
      promise: 'No number is given while a document holds it',
      held: doubled === 0,
      found: `${doubled} were`,
    },
    {
      promise: 'Values follow each other without a hole',
      held: recorded === range,
      found: `${recorded} of ${range} values from ${first} to ${last} are in the ledger`,
    },
    {
      promise: 'What was answered is on record',
      held: kept === asked,
      found: `${kept} of ${asked} numbers are in the ledger`,
    },
  ]
}

/** Whether of some values, which were free, each is in use again. */
export async function checkFilled(
  db: Queryable,
  { prefix, period }: Pick<Draws, 'prefix' | 'period'>,
  values: readonly number[],
): Promise<KeptPromise> {
  const { rows } = await db.query<{ filled: number }>({
    name: 'check_filled',
    text: `SELECT count(*)::int AS filled FROM (
             SELECT DISTINCT ON (value) state FROM public.ledger
             WHERE prefix = $1 AND period = $2 AND value = ANY ($3::bigint[])
             ORDER BY value, revision DESC) last
           WHERE state = 'issued'`,
    values: [prefix, period, values],
  })
  const { filled } = rows[0]!
  return {
    promise: 'A gap is filled by the next number',
    held: filled === values.length,
    found: `${filled} of ${values.length} gaps are filled`,
  }
}
