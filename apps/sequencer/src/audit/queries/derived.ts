import type { Finding } from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'
import { inUtc, whole } from './columns'
import type { Chosen } from './counters'

/** What a site has drawn and given back. */
export interface UsageCount {
  issued: number
  released: number
  /** When something was issued last. */
  last_at: string
}

/** What a site has drawn in one partition for one invoice type, as the database counts it. */
export interface SiteUsage extends UsageCount {
  prefix: string
  site_id: string
  partition_id: string
  invoice_type: string
}

/** What the sites have drawn, of all sequences or of one. */
export async function readSiteUsage(tx: Queryable, { prefix }: Pick<Chosen, 'prefix'>): Promise<SiteUsage[]> {
  const { rows } = await tx.query<SiteUsage>(
    `SELECT prefix, site_id, partition_id, invoice_type, ${whole('issued')} AS issued,
            ${whole('released')} AS released, ${inUtc('last_at')} AS last_at
     FROM public.site_usage
     WHERE $1::text IS NULL OR prefix = $1`,
    [prefix ?? null],
  )
  return rows
}

interface Underived {
  prefix: string
  period: string | null
  value: number | null
  number: string | null
  column: string
  detail: string
}

/**
 * What in `free_values`, `leases` and `frames` does not follow from the ledger. Each row of the first two must be what
 * the last step of its value made, and there must be as many rows as the counter says, whose own count the chain proves:
 * so not every value has to be compared. `frames` must have the form of each batch's numbers, and no other.
 */
export async function findUnderived(tx: Queryable, { prefix, period }: Chosen): Promise<Finding[]> {
  const { rows } = await tx.query<Underived>(
    `WITH free AS (SELECT * FROM public.free_values f
                   WHERE ($1::text IS NULL OR f.prefix = $1) AND ($2::text IS NULL OR f.period = $2)),
          held AS (SELECT * FROM public.leases h
                   WHERE ($1::text IS NULL OR h.prefix = $1) AND ($2::text IS NULL OR h.period = $2)),
          counter AS (SELECT * FROM public.counters c
                      WHERE ($1::text IS NULL OR c.prefix = $1) AND ($2::text IS NULL OR c.period = $2)),
          given AS (SELECT DISTINCT b.prefix, b.number_head, b.number_width, b.number_tail FROM public.batches b
                    WHERE b.number_head IS NOT NULL AND ($1::text IS NULL OR b.prefix = $1) AND $2::text IS NULL),
          claimed AS (SELECT f.prefix, f.number_head, f.number_width, f.number_tail,
                             bool_or(f.shared) AND NOT EXISTS (SELECT FROM public.sequences s WHERE s.prefix = f.prefix AND s.allow_overlap)
                                 AS wrongly_shared
                      FROM public.frames f
                      WHERE ($1::text IS NULL OR f.prefix = $1) AND $2::text IS NULL GROUP BY 1, 2, 3, 4)
     (SELECT f.prefix, f.period, ${whole('f.value')} AS value, l.number, 'free_values' AS column,
             format('free_values has the value %s, and by the ledger it is %s', f.value, coalesce(l.state, 'unused')) AS detail
      FROM free f LEFT JOIN LATERAL (${lastStep('f')}) l ON true
      WHERE l.state IS DISTINCT FROM 'free' OR l.revision IS DISTINCT FROM f.revision
      ORDER BY 1, 2, 3 LIMIT 20)
     UNION ALL
     (SELECT h.prefix, h.period, ${whole('h.value')}, l.number, 'leases',
             format('leases has the value %s until %s, and by the ledger it is %s%s', h.value, h.expires_at,
                    coalesce(l.state, 'unused'),
                    ' until ' || (l.at + l.hold_seconds * interval '1 second'))
      FROM held h LEFT JOIN LATERAL (${lastStep('h')}) l ON true
      WHERE (l.state, l.number, l.at + l.hold_seconds * interval '1 second')
            IS DISTINCT FROM ('reserved', h.number, h.expires_at)
      ORDER BY 1, 2, 3 LIMIT 20)
     UNION ALL
     (SELECT prefix, period, NULL, NULL, 'free_values',
             format('free_values has %s values, and the counter says %s', coalesce(f.count, 0), coalesce(c.free, 0))
      FROM counter c FULL JOIN (SELECT prefix, period, count(*) FROM free GROUP BY 1, 2) f USING (prefix, period)
      WHERE coalesce(f.count, 0) <> coalesce(c.free, 0) ORDER BY 1, 2 LIMIT 20)
     UNION ALL
     (SELECT prefix, period, NULL, NULL, 'leases',
             format('leases has %s values, and the counter says %s', coalesce(h.count, 0), coalesce(c.reserved, 0))
      FROM counter c FULL JOIN (SELECT prefix, period, count(*) FROM held GROUP BY 1, 2) h USING (prefix, period)
      WHERE coalesce(h.count, 0) <> coalesce(c.reserved, 0) ORDER BY 1, 2 LIMIT 20)
     UNION ALL
     (SELECT prefix, NULL, NULL, NULL, 'frames',
             format('frames %s the form %s%s1%s of %s', CASE WHEN c.prefix IS NULL THEN 'does not have' ELSE 'has' END,
                    number_head, repeat('0', number_width - 1), number_tail, prefix)
             || CASE WHEN g.prefix IS NULL THEN ', which issued no such number'
                     WHEN c.wrongly_shared THEN ' as shared, and no rules allow that' ELSE '' END
      FROM given g FULL JOIN claimed c USING (prefix, number_head, number_width, number_tail)
      WHERE g.prefix IS NULL OR c.prefix IS NULL OR c.wrongly_shared ORDER BY 1 LIMIT 20)`,
    [prefix ?? null, period ?? null],
  )
  return rows.map((row) => ({
    kind: 'derived',
    ...row,
    batch: null,
    position: null,
    rows: null,
    object: null,
  }))
}

const lastStep = (of: string) => `
  SELECT l.* FROM public.ledger l WHERE l.prefix = ${of}.prefix AND l.period = ${of}.period AND l.value = ${of}.value
  ORDER BY l.revision DESC LIMIT 1`
