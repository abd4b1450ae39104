import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { databaseErrorOf, withDeadline } from '@ordinal/database'
import { AppError } from '@ordinal/errors'
import { fromDatabase } from '@ordinal/service'
import type { Sequence } from '../core/sequence'
import { formatNumber } from '@ordinal/audit'
import { remedyFor } from '../ledger/failures'
import { toLedger, type LedgerRequest } from '../ledger/request'
import { requireActive, type Sequences } from '../ledger/sequences'
import { issueNumbers } from '../ledger/statements'
import type { Sites } from '../sites'
import { confirmReads, readOrigins, readSpan, type Origin } from './ledger'
import { planRows, statementsOf, type ImportRow, type Refusal, type Step } from './plan'
import type { ImportFields, ImportLine } from './read-rows'

/** What an import is asked to do. */
export interface ImportOrder {
  prefix: string
  /** How many values may be left out before a number: they become void. */
  maxHole: number
  /** Only tells what would be done. */
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
  stopped: AppError | undefined
}

/** A period of the file, as the import knows it. */
interface PeriodState {
  period: string
  first: number
  last: number
  /** Values up to here were in the ledger before: each is looked up. */
  known: number
  imported: number
  skipped: number
}

export type ImportNumbers = ReturnType<typeof createImportNumbers>

const chunkRows = 1_000
const maxPeriods = 5_000
const maxSkippedInAll = 100_000
const maxShown = 100
const statementLimitMs = 5_000
// Long enough for another server to take over.
const patienceMs = 30_000
// A counter that moves away before each statement is in use.
const maxOvertaken = 10

interface Deps {
  pool: Pool
  sequences: Sequences
  sites: Sites
}

/** Takes numbers of another system into the ledger, which then goes on above them. */
export function createImportNumbers({ pool, sequences, sites }: Deps) {
  const db = withDeadline(pool, statementLimitMs)

  /**
   * Imports the numbers of a file, piece by piece as it arrives: what a piece has done is committed. A file may be
   * imported again, and goes on where it ended.
   *
   * @throws AppError `sequence_not_found`; and what ended the import, if that was before it has done anything
   */
  return async function importNumbers(
    order: ImportOrder,
    lines: AsyncIterable<ImportLine>,
  ): Promise<ImportReport> {
    const { prefix, maxHole, dryRun, caller, requestId } = order
    const sequence = await sequences.load(prefix)
    requireActive(sequence)
    const periods = new Map<string, PeriodState>()
    const report: ImportReport = {
      complete: false,
      rows: 0,
      imported: 0,
      skipped: 0,
      alreadyThere: 0,
      refused: { total: 0, shown: [] },
      periods: [],
      stopped: undefined,
    }

    try {
      for await (const chunk of inChunks(lines, chunkRows)) {
        const rows = await readRows(chunk)
        for (const [period, ofPeriod] of byPeriod(rows)) await takePeriod(period, ofPeriod)
      }
      if (!dryRun) await patiently(() => confirmReads(db))
      report.complete = true
    } catch (error) {
      const told = error instanceof AppError ? error : fromDatabase(error)
      if (!told || report.imported + report.skipped === 0) throw error
      report.stopped = told
    }
    report.refused.shown.sort((a, b) => a.line - b.line)
    report.periods = [...periods.values()].map(({ period, imported, skipped, last }) => ({
      period,
      imported,
      skipped,
      lastValue: last,
    }))
    return report

    function refuse(refusals: readonly Refusal[]): void {
      report.refused.total += refusals.length
      report.refused.shown.push(...refusals.slice(0, maxShown - report.refused.shown.length))
    }

    async function readRows(chunk: readonly ImportLine[]): Promise<ImportRow[]> {
      const known = new Set((await patiently(() => sites.all())).map(({ siteId }) => siteId))
      const rows: ImportRow[] = []
      for (const { line, number, content } of chunk) {
        report.rows += 1
        const read = 'fault' in content ? content.fault : readRow(sequence, content, known)
        if (typeof read === 'string') refuse([{ line, number, reason: read }])
        else rows.push({ line, ...read })
      }
      return rows
    }

    /** Imports rows of one period. */
    async function takePeriod(period: string, rows: ImportRow[]): Promise<void> {
      const state = await stateOf(period)
      if (!state) {
        const reason = `is of one period more than an import may have (${maxPeriods}); divide the file`
        return refuse(rows.map(({ line, fields: { number } }) => ({ line, number, reason })))
      }
      for (let overtaken = 0, open = rows; open.length > 0; overtaken += 1) {
        if (overtaken > maxOvertaken)
          throw new AppError(
            'import_overtaken',
            `Numbers are issued in the period "${period}" all the time; import when nobody issues there`,
          )
        await takeKnown(
          state,
          open.filter(({ value }) => value <= state.known),
        )
        open = await takeNew(
          state,
          open.filter(({ value }) => value > state.known),
        )
      }
    }

    async function stateOf(period: string): Promise<PeriodState | undefined> {
      const known = periods.get(period)
      if (known || periods.size === maxPeriods) return known
      const { first, last } = (await patiently(() => readSpan(db, prefix, period))) ?? {
        first: sequence.rules.start,
        last: sequence.rules.start - 1,
      }
      const state = { period, first, last, known: last, imported: 0, skipped: 0 }
      periods.set(period, state)
      return state
    }

    /** Rows whose values the ledger has already: from an import before, or they are refused. */
    async function takeKnown({ period, first }: PeriodState, rows: readonly ImportRow[]): Promise<void> {
      if (rows.length === 0) return
      const values = rows.map(({ value }) => value)
      const origins = await patiently(() => readOrigins(db, prefix, period, values))
      for (const { line, value, fields } of rows) {
        const reason = faultOfKnown(fields.number, origins.get(value), first)
        if (reason === undefined) report.alreadyThere += 1
        else refuse([{ line, number: fields.number, reason }])
      }
    }

    /** Rows whose values follow the counter. Gives those that are left when somebody else has moved it. */
    async function takeNew(state: PeriodState, rows: readonly ImportRow[]): Promise<ImportRow[]> {
      const limits = { hole: maxHole, inAll: maxSkippedInAll - report.skipped }
      const { steps, refused } = planRows(rows, state.last, limits)
      const taken = new Set<ImportRow>()
      for (const statement of statementsOf(steps)) {
        if (!dryRun && !(await write(state.period, statement))) {
          const { last } = (await patiently(() => readSpan(db, prefix, state.period)))!
          state.last = state.known = last
          return rows.filter((row) => !taken.has(row))
        }
        take(state, statement)
        for (const { row } of statement) if (row) taken.add(row)
      }
      refuse(refused)
      return []
    }

    function take(state: PeriodState, statement: readonly Step[]): void {
      for (const { from, skip, row } of statement) {
        state.last = row ? row.value : from + skip - 1
        state.skipped += skip
        report.skipped += skip
        if (row) state.imported += 1
        if (row) report.imported += 1
      }
    }

    /**
     * Writes some steps in one transaction.
     *
     * @returns false, and nothing is written, if the counter is elsewhere by now
     */
    async function write(period: string, steps: readonly Step[]): Promise<boolean> {
      const { date, from } = steps[0]!
      const requests = steps.flatMap(requestsOf)
      return patiently(async (lost) => {
        try {
          await issueNumbers(db, sequence, date, requests, false, from)
          return true
        } catch (error) {
          const sqlState = databaseErrorOf(error)?.sqlState
          // If the answer of an earlier attempt was lost, it was perhaps that which moved the counter.
          if (sqlState === 'OR007') return lost && (await isWritten(period, steps))
          if (sqlState === 'OR023') throw new AppError('period_closed', (error as Error).message)
          if (sqlState === 'OR031') throw new AppError('rules_overlap', (error as Error).message)
          if (sqlState !== 'OR001') throw error
          throw new AppError('rules_changed', `The rules of ${prefix} have changed; import the file again`)
        }
      })
    }

    function requestsOf({ from, skip, row, frame }: Step): LedgerRequest[] {
      const common = { prefix, caller, requestId }
      const requests: LedgerRequest[] = []
      // No caller's key has a space, so these are the keys of nothing else.
      if (skip > 0)
        requests.push(
          toLedger(
            { ...common, event: 'skip', count: skip, reason: 'not among the imported numbers' },
            `skip ${formatNumber(frame, from)}`,
          ),
        )
      if (row) {
        const { number, ...fields } = row.fields
        requests.push(
          toLedger(
            {
              ...common,
              event: 'import',
              count: 1,
              clientId: fields.client_id,
              generatedBy: fields.generated_by,
              siteId: fields.site_id,
              partitionId: fields.partition_id,
              invoiceType: fields.invoice_type ?? (fields.site_id === undefined ? undefined : 'on-cycle'),
              businessDate: fields.business_date,
            },
            `import ${number}`,
          ),
        )
      }
      return requests
    }

    /** Whether it was this very import that has written some steps. */
    async function isWritten(period: string, steps: readonly Step[]): Promise<boolean> {
      const { from } = steps[0]!
      const origin = (await readOrigins(db, prefix, period, [from])).get(from)
      return origin?.caller === caller && origin.request_id === requestId
    }
  }
}

/**
 * Tries again while the database is away.
 *
 * @param work is told whether an earlier attempt was lost, and so may have been carried out
 */
async function patiently<T>(work: (lost: boolean) => Promise<T>): Promise<T> {
  const deadline = performance.now() + patienceMs
  let lost = false
  for (let waits = 1; ; waits += 1) {
    try {
      return await work(lost)
    } catch (error) {
      const remedy = remedyFor(error)
      const away = remedy === 'wait' || remedy === 'wait_and_look_up'
      if (!away || performance.now() > deadline) throw error
      lost ||= remedy === 'wait_and_look_up'
      await sleep(Math.min(1_000, 25 * 2 ** waits))
    }
  }
}

/** Reads what a line says by the rules of the sequence; a text says why that cannot be. */
function readRow(
  sequence: Sequence,
  fields: ImportFields,
  sites: ReadonlySet<string>,
): Omit<ImportRow, 'line'> | string {
  const read = sequence.read(fields.number)
  if (!read) return `is not of the form ${sequence.rules.template}`
  const { value, slot } = read
  if (fields.site_id !== undefined && !sites.has(fields.site_id)) return `there is no site ${fields.site_id}`
  if (fields.business_date !== undefined && !isOf(sequence, fields.business_date, fields.number, value))
    return `on ${fields.business_date} it would have another form or period`
  return { fields, value, period: slot.period, frame: slot.frame, date: slot.date }
}

/** Whether a value has this number on a date. */
function isOf(sequence: Sequence, date: string, number: string, value: number): boolean {
  try {
    return formatNumber(sequence.slotOfDate(date).frame, value) === number
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function faultOfKnown(number: string, origin: Origin | undefined, first: number): string | undefined {
  if (!origin) return `is below the first value of its period, ${first}`
  if (origin.number !== number) return `its value has the number ${origin.number} already`
  if (origin.event === 'import') return undefined
  const day = origin.at.toISOString().slice(0, 10)
  if (origin.event === 'skip') return `was not among the numbers imported on ${day}, and is void since`
  return `was issued here, on ${day}`
}

/** Pieces of a list. Before an error that ends it, what came of the last piece. */
async function* inChunks<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let chunk: T[] = []
  try {
    for await (const item of items) {
      chunk.push(item)
      if (chunk.length < size) continue
      yield chunk
      chunk = []
    }
  } catch (error) {
    if (chunk.length > 0) yield chunk
    throw error
  }
  if (chunk.length > 0) yield chunk
}

function byPeriod(rows: readonly ImportRow[]): Map<string, ImportRow[]> {
  const periods = new Map<string, ImportRow[]>()
  for (const row of rows) {
    const rowsOfPeriod = periods.get(row.period)
    if (rowsOfPeriod) rowsOfPeriod.push(row)
    else periods.set(row.period, [row])
  }
  return periods
}
