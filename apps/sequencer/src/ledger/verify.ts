import type { Pool } from 'pg'
import { collectFindings, createLedgerVerifier, verifyRegister, type Finding } from '@ordinal/audit'
import { transaction, type Queryable } from '@ordinal/database'
import { readChain, readStrays } from './chains'
import { inUtc, partOf, readChainEnds, readTime, type Chosen } from './records'
import { readRegister } from './register'
import { countSites, type Usage } from './site-usage'
import { compareSchema, type BuildSchema } from './schema'

export interface VerifyRequest extends Chosen {
  /** Only from a batch on, or from a moment on; what was before is taken as it is. */
  since?: number | Date | undefined
}

export interface VerifyReport {
  fits: boolean
  counters: number
  batches: number
  rows: number
  seconds: number
  finding_count: number
  /** The first of them, in the order of the chains. */
  findings: Finding[]
}

// Of what is compared in one snapshot: all that is free or reserved, which others should not have millions of.
const snapshotLimitMs = 60_000

/**
 * Verifies the ledger as it is at this moment: the chains from their rows, and what was derived from them. Issuing goes
 * on meanwhile; no row, snapshot or connection is held for longer than one piece is read.
 *
 * @throws the signal's reason, when it aborts
 */
export async function verifyLedger(
  pool: Pool,
  schema: BuildSchema | undefined,
  request: VerifyRequest,
  signal: AbortSignal,
): Promise<VerifyReport> {
  const startedAt = performance.now()
  const findings = collectFindings()
  const { at, chains, register, derived, usage, changes } = await takeSnapshot(pool, schema, request)
  const { prefix = null, period = null, since } = request
  const scope = { prefix, period, whole: since === undefined }
  const ledger = createLedgerVerifier(
    { at, scope, register: verifyRegister({ at, ...register }, findings) },
    findings,
  )
  const counted = { counters: 0, batches: 0, rows: 0 }
  const drawn = countSites()

  for (const { record, hasStrays } of chains) {
    const part = since instanceof Date ? { from: since } : { sinceBatch: since }
    const chain = await partOf(pool, record, part)
    if (!chain) continue
    counted.counters += 1
    const counter = ledger.counter(chain)
    for await (const piece of readChain(pool, chain, 'linked')) {
      signal.throwIfAborted()
      for (const { batch, rows } of piece) {
        counter.add(batch, rows)
        for (const row of rows) drawn.add(row)
        counted.rows += rows.length
      }
      counted.batches += piece.length
    }
    if (hasStrays) for (const row of await readStrays(pool, record)) counter.stray(row)
    counter.end()
  }
  ledger.end()

  // What the batches say of frames would only follow from a fault that is reported already.
  const sound = findings.count() === 0
  for (const finding of [...derived, ...changes])
    if (sound || finding.column !== 'frames') findings.report(finding)
  // Of a part of the chains one cannot tell what the sites have drawn in all.
  if (request.since === undefined && request.period === undefined) drawn.compare(usage, findings)
  return {
    fits: findings.count() === 0,
    ...counted,
    seconds: (performance.now() - startedAt) / 1000,
    finding_count: findings.count(),
    findings: findings.findings,
  }
}

/** All that is compared with the counters, at one moment. */
function takeSnapshot(pool: Pool, schema: BuildSchema | undefined, chosen: Chosen) {
  return transaction(
    pool,
    async (tx) => {
      await tx.query('SET TRANSACTION READ ONLY')
      await tx.query(`SET LOCAL statement_timeout = ${snapshotLimitMs}`)
      // First: in its search path each name means what it should.
      const changes = schema ? await compareSchema(tx, schema) : []
      const chains = await readChainEnds(tx, chosen)
      const { rows: usage } = await tx.query<Usage>(
        `SELECT prefix, site_id, partition_id, invoice_type, issued, released, ${inUtc('last_at')} AS last_at
         FROM public.site_usage
         WHERE $1::text IS NULL OR prefix = $1`,
        [chosen.prefix ?? null],
      )
      const register = await readRegister(tx)
      return {
        chains,
        register,
        derived: await findUnderived(tx, chosen),
        usage,
        changes,
        at: await readTime(tx),
      }
    },
    { isolation: 'repeatable read', limitMs: 2 * snapshotLimitMs },
  )
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
 * What in `free_values`, `leases` and `frames` does not follow from the ledger. Each row of the first two has to be what
 * the last step of its value made, and there have to be as many as the counter says; that the counter says as many as
 * the ledger, its chain shows. So they are the same without a comparison of all values. `frames` has to have the form of
 * each batch's numbers, and no other.
 */
async function findUnderived(tx: Queryable, { prefix, period }: Chosen): Promise<Finding[]> {
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
     (SELECT f.prefix, f.period, f.value, l.number, 'free_values' AS column,
             format('free_values has the value %s, and by the ledger it is %s', f.value, coalesce(l.state, 'unused')) AS detail
      FROM free f LEFT JOIN LATERAL (${lastStep('f')}) l ON true
      WHERE l.state IS DISTINCT FROM 'free' OR l.revision IS DISTINCT FROM f.revision
      ORDER BY 1, 2, 3 LIMIT 20)
     UNION ALL
     (SELECT h.prefix, h.period, h.value, l.number, 'leases',
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
