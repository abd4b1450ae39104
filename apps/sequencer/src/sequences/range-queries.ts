import type { Queryable } from '@ordinal/database'
import type { Counted } from '../domain/range'
import { freeAbove } from '../ledger/queries'

/** Where the counters of some periods are, in their order; undefined of one that has not begun. */
export async function readCounters(
  db: Queryable,
  asked: readonly { prefix: string; period: string; end: number | null }[],
): Promise<(Counted | undefined)[]> {
  if (asked.length === 0) return []
  const { rows } = await db.query<Counted & { nth: number }>({
    name: 'read_counters',
    text: `SELECT a.nth, c.last_value AS "lastValue", c.free, ${freeAbove('a.end_value')} AS "freeAboveEnd"
           FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY a(prefix, period, end_value, nth)
           JOIN public.counters c USING (prefix, period)`,
    values: [
      asked.map(({ prefix }) => prefix),
      asked.map(({ period }) => period),
      asked.map(({ end }) => end),
    ],
  })
  const found = new Map(rows.map(({ nth, ...counter }) => [nth, counter]))
  return asked.map((_, index) => found.get(index + 1))
}
