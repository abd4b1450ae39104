import type { Queryable } from '@ordinal/database'
import type { AnyAppError } from '@ordinal/errors'
import type { Sequence } from '../domain/sequence'
import type { WriteOnServer } from '../ledger/other-server'
import type { Refusal, Step } from './plan'

/** What an import is asked to do. */
export interface ImportOrder {
  prefix: string
  /** How many values may be left out before a number: they become void. */
  maxHole: number
  /** Reports what would be done, and writes nothing. */
  dryRun: boolean
  caller: string
  requestId: string
}

/** What an import has done. */
export interface ImportReport {
  /** The whole file was read, and what could be imported was. */
  complete: boolean
  /** Lines with a number, so far. */
  rows: number
  imported: number
  /** Values that the file leaves out, and that are void now. */
  skipped: number
  alreadyThere: number
  refused: { total: number; shown: Refusal[] }
  periods: { period: string; imported: number; skipped: number; lastValue: number }[]
  /** Why it ended before the end of the file. */
  stopped: AnyAppError | undefined
}

/** A period of the file, as the import knows it. */
export interface PeriodState {
  period: string
  first: number
  last: number
  /** Values up to here were in the ledger before: each is looked up. */
  known: number
  imported: number
  skipped: number
}

/** An import under way. */
export interface ImportRun {
  db: Queryable
  write: WriteOnServer
  sequence: Sequence
  order: ImportOrder
  periods: Map<string, PeriodState>
  /** The first line that could not be read: a value that seems left out after it may be its own. */
  unreadLine: number
  done: Pick<ImportReport, 'rows' | 'imported' | 'skipped' | 'alreadyThere' | 'refused'>
}

const maxShown = 100

export const startRun = (given: Pick<ImportRun, 'db' | 'write' | 'sequence' | 'order'>): ImportRun => ({
  ...given,
  periods: new Map(),
  unreadLine: Infinity,
  done: { rows: 0, imported: 0, skipped: 0, alreadyThere: 0, refused: { total: 0, shown: [] } },
})

export function refuse({ done: { refused } }: ImportRun, refusals: readonly Refusal[]): void {
  refused.total += refusals.length
  refused.shown.push(...refusals.slice(0, maxShown - refused.shown.length))
}

/** Counts steps that were written. */
export function countSteps({ done }: ImportRun, state: PeriodState, steps: readonly Step[]): void {
  for (const { from, skip, row } of steps) {
    const imported = row ? 1 : 0
    state.last = from + skip + imported - 1
    state.skipped += skip
    state.imported += imported
    done.skipped += skip
    done.imported += imported
  }
}

/** @param stopped why the import ended before the end of the file */
export const reportOf = ({ done, periods }: ImportRun, stopped?: AnyAppError): ImportReport => ({
  complete: stopped === undefined,
  ...done,
  refused: { ...done.refused, shown: done.refused.shown.toSorted((a, b) => a.line - b.line) },
  periods: [...periods.values()].map(({ period, imported, skipped, last }) => ({
    period,
    imported,
    skipped,
    lastValue: last,
  })),
  stopped,
})
