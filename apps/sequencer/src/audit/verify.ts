import type { Pool } from 'pg'
import { collectFindings, createLedgerVerifier, verifyRegister, type Finding } from '@ordinal/audit'
import { readChain, readStrays } from './queries/chains'
import { partOf, readChainEnds, readTime, type Chosen } from './queries/counters'
import { findUnderived, readSiteUsage } from './queries/derived'
import { readRegister } from './queries/register'
import { inSnapshot } from './queries/snapshot'
import { compareSchema, type BuildSchema } from './schema'
import { countSites } from './site-usage'

export interface VerifyRequest extends Chosen {
  /** Only from this batch, or this moment, on; what is before is not checked. */
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

// The snapshot reads every free and every reserved value: no process should hold millions of them.
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

  // A fault in the batches makes frames differ as well: that is not reported twice.
  const sound = findings.count() === 0
  for (const finding of [...derived, ...changes])
    if (sound || finding.column !== 'frames') findings.report(finding)
  // Only whole chains show what the sites have drawn.
  if (request.since === undefined && request.period === undefined) drawn.compare(usage, findings)
  return {
    fits: findings.count() === 0,
    ...counted,
    seconds: (performance.now() - startedAt) / 1000,
    finding_count: findings.count(),
    findings: findings.findings,
  }
}

/** All that is compared in one snapshot. */
const takeSnapshot = (pool: Pool, schema: BuildSchema | undefined, chosen: Chosen) =>
  inSnapshot(pool, snapshotLimitMs, async (tx) => ({
    // First: it sets the search path, in which each name means PostgreSQL's own.
    changes: schema ? await compareSchema(tx, schema) : [],
    chains: await readChainEnds(tx, chosen),
    usage: await readSiteUsage(tx, chosen),
    register: await readRegister(tx),
    derived: await findUnderived(tx, chosen),
    at: await readTime(tx),
  }))
