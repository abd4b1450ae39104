import type { Pool } from 'pg'
import { withQueryTimeout } from '@ordinal/database'
import { isAppError } from '@ordinal/errors'
import { fromDatabase } from '@ordinal/service'
import { requireActive, type KnownSequences } from '../ledger/known-sequences'
import { onAnyServer, type WriteOnServer } from '../ledger/other-server'
import type { KnownSites } from '../sites/known-sites'
import { byPeriod, inChunks } from './chunks'
import { importRows } from './import-rows'
import type { ImportLine } from './parse'
import type { ImportRow } from './plan'
import { confirmReads } from './queries'
import { readRow } from './read-row'
import { retried } from './retried'
import { refuse, reportOf, startRun, type ImportOrder, type ImportReport, type ImportRun } from './run'

export type ImportNumbers = ReturnType<typeof createImportNumbers>

const chunkRows = 1_000
const statementLimitMs = 5_000

interface Deps {
  pool: Pool
  sequences: Pick<KnownSequences, 'load'>
  sites: Pick<KnownSites, 'all'>
  /** Throws if the ledger may not be written to; undefined: it always may. */
  gate?: { require: () => Promise<void>; write: WriteOnServer } | undefined
}

/** Takes numbers of another system into the ledger, which then goes on above them. */
export function createImportNumbers({ pool, sequences, sites, gate }: Deps) {
  const db = withQueryTimeout(pool, statementLimitMs)

  /**
   * Imports the numbers of a file, piece by piece as it arrives: what a piece has done is committed. A file may be
   * imported again, and goes on where it ended.
   *
   * @throws AppError `sequence_not_found`, `ledger_behind`; and what ended the import, if that was before it has done anything
   */
  return async function importNumbers(
    order: ImportOrder,
    lines: AsyncIterable<ImportLine>,
  ): Promise<ImportReport> {
    if (!order.dryRun) await gate?.require()
    const sequence = await sequences.load(order.prefix)
    requireActive(sequence)
    const run = startRun({ db, write: gate?.write ?? onAnyServer, sequence, order })
    try {
      for await (const chunk of inChunks(lines, chunkRows)) {
        const known = await retried(() => sites.all())
        const rows = rowsOf(run, chunk, new Set(known.map(({ siteId }) => siteId)))
        for (const [period, ofPeriod] of byPeriod(rows)) await importRows(run, period, ofPeriod)
      }
      if (!order.dryRun) await retried(() => confirmReads(db))
      return reportOf(run)
    } catch (error) {
      const stopped = isAppError(error) ? error : fromDatabase(error)
      if (!stopped || run.done.imported + run.done.skipped === 0) throw error
      return reportOf(run, stopped)
    }
  }
}

/** The rows of some lines; a line that cannot be read by the rules is refused. */
function rowsOf(run: ImportRun, lines: readonly ImportLine[], sites: ReadonlySet<string>): ImportRow[] {
  const rows: ImportRow[] = []
  for (const { line, number, content } of lines) {
    run.done.rows += 1
    const read = 'fault' in content ? content.fault : readRow(run.sequence, content, sites)
    if (typeof read !== 'string') rows.push({ line, ...read })
    else {
      refuse(run, [{ line, number, reason: read }])
      run.unreadLine = Math.min(run.unreadLine, line)
    }
  }
  return rows
}
