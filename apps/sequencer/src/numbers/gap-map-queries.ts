import type { Queryable } from '@ordinal/database'

/** The most stretches that a range is divided into. */
export const maxBuckets = 1000
/** How many values of each state are counted at most, over all buckets: so a map costs the same for any number of gaps. */
const maxCounted = 200_000
const shownPeriods = 100
const shownLeases = 100

interface Counts {
  free: number
  void: number
  reserved: number
}

/** Where the values of a period are that no document holds. */
export interface GapMap extends Counts {
  period: string
  /** Those that the sequence has had, the latest first. */
  periods: string[]
  first_value: number
  /** The counter; below the first value if nothing was issued. */
  last_value: number
  /** The values that the buckets cover, both included. */
  from: number
  to: number
  bucket_size: number
  /** At most so many of a state are counted in one bucket. */
  counted_to: number
  /** Those with any, in ascending order. */
  buckets: ({ from: number } & Counts)[]
  leases: Lease[]
}

interface Lease {
  full_number: string
  counter: number
  caller: string
  at: Date
  expires_at: Date
}

interface AskedMap {
  prefix: string
  period: string
  /** What a period without numbers begins with. */
  start: number
  from: number | undefined
  to: number | undefined
  buckets: number
}

/** Divides a period's values, or a stretch of them, into buckets, and counts in each what is not issued. */
export async function readGapMap(db: Queryable, asked: AskedMap): Promise<GapMap> {
  const { prefix, period, start } = asked
  const [counter, periods] = await Promise.all([readTotals(db, prefix, period), readPeriods(db, prefix)])
  const { first_value, last_value, ...totals } = counter ?? {
    first_value: start,
    last_value: start - 1,
    free: 0,
    void: 0,
    reserved: 0,
  }
  const from = Math.max(asked.from ?? first_value, first_value)
  const to = Math.min(asked.to ?? last_value, last_value)
  const bucketSize = Math.max(1, Math.ceil((to - from + 1) / asked.buckets))
  const count = Math.max(0, Math.ceil((to - from + 1) / bucketSize))
  const countedTo = Math.min(bucketSize, Math.ceil(maxCounted / asked.buckets))
  const [buckets, leases] = await Promise.all([
    readBuckets(db, { prefix, period, from, to, bucketSize, count, countedTo }),
    readLeases(db, { prefix, period, from, to }),
  ])
  return {
    period,
    periods,
    first_value,
    last_value,
    ...totals,
    from,
    to,
    bucket_size: bucketSize,
    counted_to: countedTo,
    buckets,
    leases,
  }
}

async function readTotals(
  db: Queryable,
  prefix: string,
  period: string,
): Promise<(Counts & { first_value: number; last_value: number }) | undefined> {
  const { rows } = await db.query<Counts & { first_value: number; last_value: number }>({
    name: 'read_gap_totals',
    text: `SELECT first_value, last_value, free, void, reserved FROM public.counters WHERE prefix = $1 AND period = $2`,
    values: [prefix, period],
  })
  return rows[0]
}

async function readPeriods(db: Queryable, prefix: string): Promise<string[]> {
  const { rows } = await db.query<{ period: string }>({
    name: 'read_periods',
    text: `SELECT period FROM public.counters WHERE prefix = $1 ORDER BY period DESC LIMIT $2`,
    values: [prefix, shownPeriods],
  })
  return rows.map(({ period }) => period)
}

interface Stretch {
  prefix: string
  period: string
  from: number
  to: number
}

const counted = (table: string, more = '') =>
  `(SELECT count(*) FROM (SELECT 1 FROM public.${table} t WHERE t.prefix = $1 AND t.period = $2
     AND t.value >= b.low AND t.value <= least(b.low + $5::bigint - 1, $4::bigint) ${more} LIMIT $7) found)`

/** Each bucket reads its own stretch of three indexes, and no more of it than is counted. */
async function readBuckets(
  db: Queryable,
  {
    prefix,
    period,
    from,
    to,
    bucketSize,
    count,
    countedTo,
  }: Stretch & { bucketSize: number; count: number; countedTo: number },
): Promise<GapMap['buckets']> {
  const { rows } = await db.query<GapMap['buckets'][number]>({
    name: 'read_gap_buckets',
    text: `SELECT * FROM (
             SELECT b.low AS "from", ${counted('free_values')} AS free,
                    ${counted('ledger', `AND t.state = 'void'`)} AS void, ${counted('leases')} AS reserved
             FROM (SELECT $3::bigint + n * $5::bigint AS low FROM generate_series(0, $6::bigint - 1) n) b
           ) buckets WHERE free + void + reserved > 0 ORDER BY "from"`,
    values: [prefix, period, from, to, bucketSize, count, countedTo],
  })
  return rows
}

async function readLeases(db: Queryable, { prefix, period, from, to }: Stretch): Promise<Lease[]> {
  const { rows } = await db.query<Lease>({
    name: 'read_leases_of_stretch',
    text: `SELECT held.number AS full_number, held.value AS counter, held.expires_at, last.caller, last.at
           FROM (SELECT * FROM public.leases l WHERE l.prefix = $1 AND l.period = $2 AND l.value BETWEEN $3 AND $4
                 ORDER BY l.value LIMIT $5) held,
           LATERAL (SELECT l.caller, l.at FROM public.ledger l
                    WHERE l.prefix = $1 AND l.period = $2 AND l.value = held.value ORDER BY l.revision DESC LIMIT 1) last
           ORDER BY held.value`,
    values: [prefix, period, from, to, shownLeases],
  })
  return rows
}
