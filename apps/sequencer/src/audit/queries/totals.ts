import type { Queryable } from '@ordinal/database'

/** The values of all counters together, at a moment. */
export interface Totals {
  at: Date
  given: number
  reserved: number
  free: number
  void: number
}

export async function readTotals(db: Queryable): Promise<Totals> {
  const { rows } = await db.query<Totals>(
    `SELECT clock_timestamp() AS at, coalesce(sum(last_value - first_value + 1), 0)::bigint AS given,
            coalesce(sum(reserved), 0)::bigint AS reserved, coalesce(sum(free), 0)::bigint AS free,
            coalesce(sum(void), 0)::bigint AS void
     FROM public.counters`,
  )
  return rows[0]!
}
