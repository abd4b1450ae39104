import type { Queryable } from '@ordinal/database'

/** What was drawn for a site, a partition or an invoice type. */
export interface Drawn {
  issued: number
  released: number
  last_at: Date
}

/** What the sites have drawn of a sequence: in all, and by each. */
export interface Usage {
  issued: number
  released: number
  sites: (Drawn & { site_id: string })[]
  partitions: (Drawn & { site_id: string; partition_id: string })[]
  invoice_types: (Drawn & { invoice_type: string })[]
}

/** Adds up what the sites have drawn of a sequence, in one look: so the parts add up to the whole. */
export async function readUsage(db: Queryable, prefix: string): Promise<Usage> {
  type Row = Drawn & { by: string; site_id: string; partition_id: string; invoice_type: string }
  const { rows } = await db.query<Row>({
    name: 'read_usage',
    text: `SELECT CASE grouping(site_id, partition_id, invoice_type)
                       WHEN 1 THEN 'partition' WHEN 3 THEN 'site' WHEN 6 THEN 'invoice_type' END AS by,
                  site_id, partition_id, invoice_type,
                  sum(issued)::bigint AS issued, sum(released)::bigint AS released, max(last_at) AS last_at
           FROM public.site_usage WHERE prefix = $1
           GROUP BY GROUPING SETS ((site_id), (site_id, partition_id), (invoice_type))
           ORDER BY site_id, partition_id, invoice_type`,
    values: [prefix],
  })
  const by = (what: string) => rows.filter((row) => row.by === what)
  const sites = by('site')
  return {
    issued: sites.reduce((sum, { issued }) => sum + issued, 0),
    released: sites.reduce((sum, { released }) => sum + released, 0),
    sites,
    partitions: by('partition'),
    invoice_types: by('invoice_type'),
  }
}

/** Where all counters of a sequence are together. */
export interface Totals {
  /** Values up to the counters. */
  values: number
  /** Those that a document holds. */
  in_use: number
  reserved: number
  free: number
  void: number
}

/** Adds up the counters of a sequence. */
export async function readTotals(db: Queryable, prefix: string): Promise<Totals> {
  const { rows } = await db.query<Totals>({
    name: 'read_totals',
    text: `SELECT coalesce(sum(last_value - first_value + 1), 0)::bigint AS values,
                  coalesce(sum(last_value - first_value + 1 - reserved - free - void), 0)::bigint AS in_use,
                  coalesce(sum(reserved), 0)::bigint AS reserved, coalesce(sum(free), 0)::bigint AS free,
                  coalesce(sum(void), 0)::bigint AS void
           FROM public.counters WHERE prefix = $1`,
    values: [prefix],
  })
  return rows[0]!
}

const rateSeconds = 60
const maxBatches = 10_000

/**
 * How many numbers a second were drawn in a period over the last minute. Where that was more than 10,000 commits, over
 * the last 10,000.
 */
export async function readRate(db: Queryable, prefix: string, period: string): Promise<number> {
  const { rows } = await db.query<{ rate: number }>({
    name: 'read_rate',
    text: `SELECT coalesce(sum(b.rows) FILTER (WHERE b.number_head IS NOT NULL), 0)
                  / CASE WHEN count(*) < $4 THEN $3
                         ELSE greatest(extract(epoch FROM clock_timestamp() - min(b.at)), 0.001) END::float8 AS rate
           FROM public.counters c
           JOIN public.batches b ON b.prefix = c.prefix AND b.period = c.period AND b.batch > c.batch - $4
           WHERE c.prefix = $1 AND c.period = $2 AND b.at > clock_timestamp() - $3 * interval '1 second'`,
    values: [prefix, period, rateSeconds, maxBatches],
  })
  return rows[0]!.rate
}
