import type { Queryable } from '@ordinal/database'
import type { LostDays, RestoredCounter } from './targets'

/** The counters that the ledger has, with the day of the last batch of each, and whether values of it are free or reserved. */
export async function readRestored(db: Queryable): Promise<RestoredCounter[]> {
  const { rows } = await db.query<RestoredCounter>(
    `SELECT c.prefix, c.period, c.last_value AS last, (b.at AT TIME ZONE 'UTC')::date::text AS "lastDay", c.free + c.reserved > 0 AS released
     FROM public.counters c JOIN public.batches b USING (prefix, period, batch) ORDER BY c.prefix, c.period`,
  )
  return rows
}

/** From the day of the last batch of all to today, a day more on both sides: time zones differ. */
export async function readLostDays(db: Queryable): Promise<LostDays> {
  const { rows } = await db.query<LostDays>(
    `SELECT ((coalesce((SELECT max(b.at) FROM public.counters c JOIN public.batches b USING (prefix, period, batch)),
                       clock_timestamp()) AT TIME ZONE 'UTC')::date - 1)::text AS "from",
            ((clock_timestamp() AT TIME ZONE 'UTC')::date + 1)::text AS "to"`,
  )
  return rows[0]!
}

/** The prefixes of the sequences that are in use. */
export async function readPrefixes(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ prefix: string }>(
    `SELECT prefix FROM (SELECT DISTINCT ON (prefix) prefix, active FROM public.sequences ORDER BY prefix, version DESC) s
     WHERE active ORDER BY prefix`,
  )
  return rows.map(({ prefix }) => prefix)
}

/** Where a counter stands, and where it stood before a plan began to raise it. */
export interface Standing {
  /** Null if the counter has not begun. */
  last: number | null
  /** The lowest value that the plan has skipped; null if it has skipped none. */
  firstSkipped: number | null
  closed: boolean
}

/** @param key the beginning of the keys of the plan */
export async function readStanding(
  db: Queryable,
  { prefix, period }: { prefix: string; period: string },
  key: string,
): Promise<Standing> {
  const { rows } = await db.query<Standing>(
    `SELECT c.last_value AS last,
            (SELECT min(l.value) FROM public.ledger l
             WHERE l.prefix = $1 AND l.period = $2 AND l.event = 'skip'
               AND l.idempotency_key >= $3 AND l.idempotency_key < $3 || chr(1114111)) AS "firstSkipped",
            EXISTS (SELECT FROM public.closed_periods x WHERE x.prefix = $1 AND x.period = $2) AS closed
     FROM (SELECT) AS always LEFT JOIN public.counters c ON c.prefix = $1 AND c.period = $2`,
    [prefix, period, key],
  )
  return rows[0]!
}

/** A value of a counter, with its number as it is now. */
export interface HeldValue {
  value: number
  number: string
}

/** The values of a counter that are reserved, some at a time. */
export async function readReserved(
  db: Queryable,
  { prefix, period }: { prefix: string; period: string },
  limit: number,
): Promise<HeldValue[]> {
  const { rows } = await db.query<HeldValue>(
    `SELECT value, number FROM public.leases WHERE prefix = $1 AND period = $2 ORDER BY value LIMIT $3`,
    [prefix, period, limit],
  )
  return rows
}

/** How many values of a counter are free, up to an end if there is one. */
export async function countFree(
  db: Queryable,
  { prefix, period }: { prefix: string; period: string },
  end: number | null,
): Promise<number> {
  const { rows } = await db.query<{ free: number }>(
    `SELECT count(*)::int AS free FROM public.free_values
     WHERE prefix = $1 AND period = $2 AND ($3::bigint IS NULL OR value <= $3)`,
    [prefix, period, end],
  )
  return rows[0]!.free
}

/** The values that were taken out of reuse by keys that begin so, and are not void yet. */
export async function readTaken(
  db: Queryable,
  { prefix, period }: { prefix: string; period: string },
  key: string,
): Promise<HeldValue[]> {
  const { rows } = await db.query<HeldValue>(
    `SELECT l.value, l.number FROM public.ledger l
     WHERE l.prefix = $1 AND l.period = $2 AND l.event = 'issue' AND l.idempotency_key >= $3 AND l.idempotency_key < $3 || chr(1114111)
       AND NOT EXISTS (SELECT FROM public.ledger later
                       WHERE later.prefix = l.prefix AND later.period = l.period AND later.value = l.value
                         AND later.revision > l.revision)
     ORDER BY l.value`,
    [prefix, period, key],
  )
  return rows
}
