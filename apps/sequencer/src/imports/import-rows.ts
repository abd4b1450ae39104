import { AppError } from '../domain/errors'
import { planRows, statementsOf, type ImportRow } from './plan'
import { readOrigins, readSpan } from './queries'
import { faultOfKnown } from './read-row'
import { retried } from './retried'
import { countSteps, refuse, type ImportRun, type PeriodState } from './run'
import { writeSteps } from './write-steps'

const maxPeriods = 5_000
const maxSkippedInAll = 100_000
// A counter that moves before each statement is one that others draw from.
const maxOvertaken = 10

/**
 * Imports rows of one period.
 *
 * @throws AppError `import_overtaken`, and what `writeSteps` throws
 */
export async function importRows(run: ImportRun, period: string, rows: readonly ImportRow[]): Promise<void> {
  const state = await stateOf(run, period)
  if (!state) {
    const reason = `is of one period more than an import may have (${maxPeriods}); divide the file`
    return refuse(
      run,
      rows.map(({ line, fields: { number } }) => ({ line, number, reason })),
    )
  }
  for (let overtaken = 0, open = rows; open.length > 0; overtaken += 1) {
    if (overtaken > maxOvertaken)
      throw new AppError(
        'import_overtaken',
        `Numbers are issued in the period "${period}" all the time; import when nobody issues there`,
      )
    const [known, fresh] = divide(open, state.known)
    await checkKnown(run, state, known)
    open = await importNew(run, state, fresh)
  }
}

const divide = (rows: readonly ImportRow[], lastKnown: number) =>
  [rows.filter(({ value }) => value <= lastKnown), rows.filter(({ value }) => value > lastKnown)] as const

/** Undefined if the import has as many periods as it may. */
async function stateOf(run: ImportRun, period: string): Promise<PeriodState | undefined> {
  const { db, sequence, periods } = run
  const { prefix, start } = sequence.rules
  const before = periods.get(period)
  if (before || periods.size === maxPeriods) return before
  const span = await retried(() => readSpan(db, prefix, period))
  const { first, last } = span ?? { first: start, last: start - 1 }
  const state = { period, first, last, known: last, imported: 0, skipped: 0 }
  periods.set(period, state)
  return state
}

/** Rows whose values the ledger has already: from an import before, or they are refused. */
async function checkKnown(run: ImportRun, state: PeriodState, rows: readonly ImportRow[]): Promise<void> {
  if (rows.length === 0) return
  const { db, order, done } = run
  const values = rows.map(({ value }) => value)
  const origins = await retried(() => readOrigins(db, order.prefix, state.period, values))
  for (const { line, value, fields } of rows) {
    const { number } = fields
    const reason = faultOfKnown(fields, origins.get(value), state.first)
    if (reason === undefined) done.alreadyThere += 1
    else refuse(run, [{ line, number, reason }])
  }
}

/** Rows whose values follow the counter. Returns those that are left when somebody else has moved it. */
async function importNew(
  run: ImportRun,
  state: PeriodState,
  rows: readonly ImportRow[],
): Promise<readonly ImportRow[]> {
  const { db, order, done } = run
  const limits = {
    hole: order.maxHole,
    inAll: maxSkippedInAll - done.skipped,
    unreadLine: run.unreadLine,
    end: run.sequence.rules.end ?? Number.MAX_SAFE_INTEGER,
  }
  const { steps, refused } = planRows(rows, state.last, limits)
  const taken = new Set<ImportRow>()
  for (const statement of statementsOf(steps)) {
    if (!order.dryRun && !(await writeSteps(run, state.period, statement))) {
      const { last } = (await retried(() => readSpan(db, order.prefix, state.period)))!
      state.last = state.known = last
      return rows.filter((row) => !taken.has(row))
    }
    countSteps(run, state, statement)
    for (const { row } of statement) if (row) taken.add(row)
  }
  refuse(run, refused)
  return []
}
