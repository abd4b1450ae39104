import type { Frame } from '@ordinal/audit'
import type { ImportFields } from './parse'

/** A line of the file that names a number of these rules. */
export interface ImportRow {
  line: number
  fields: ImportFields
  value: number
  period: string
  frame: Frame
  /** A date on which the number has this form. */
  date: string
}

/** A line that is not imported, and why. */
export interface Refusal {
  line: number
  number: string
  reason: string
}

interface Limits {
  hole: number
  inAll: number
  unreadLine: number
  /** The last value that may be issued. */
  end: number
}

/** Values that go into the ledger together: some that were left out, then, if there is one, that of a row. */
export interface Step {
  /** The first of the values that were left out, or the row's. */
  from: number
  skip: number
  row: ImportRow | undefined
  frame: Frame
  date: string
}

/** Why a value is void that the file leaves out. */
export const reasonOfSkipped = 'not among the imported numbers'

// As many as one statement should write while it holds the counter.
const maxSkipAtOnce = 4_000

/**
 * What becomes of rows of one period: in which steps they follow the counter, and which of them cannot.
 *
 * @param last the last value so far
 * @param limits how many values may be left out before one number, and in all, from which line on none may, since a
 *   line could not be read, and where the values end
 */
export function planRows(
  rows: readonly ImportRow[],
  last: number,
  limits: Limits,
): { steps: Step[]; refused: Refusal[] } {
  const steps: Step[] = []
  const refused: Refusal[] = []
  let skipped = 0
  for (const row of rows) {
    const { line, fields, value, frame, date } = row
    const hole = value - last - 1
    const reason = faultOf(row, last, hole, { ...limits, inAll: limits.inAll - skipped })
    if (reason !== undefined) {
      refused.push({ line, number: fields.number, reason })
      continue
    }
    let from = last + 1
    for (; value - from > maxSkipAtOnce; from += maxSkipAtOnce)
      steps.push({ from, skip: maxSkipAtOnce, row: undefined, frame, date })
    steps.push({ from, skip: value - from, row, frame, date })
    skipped += hole
    last = value
  }
  return { steps, refused }
}

function faultOf({ line, value }: ImportRow, last: number, hole: number, limits: Limits): string | undefined {
  if (value === last) return 'comes a second time'
  if (value < last) return `comes after the value ${last}: sort the file by the value, within each period`
  if (value > limits.end) return `is above ${limits.end}, where the values of the sequence end`
  if (hole > limits.hole) return `would leave out ${hole} values before it, and max_hole is ${limits.hole}`
  if (hole > 0 && line > limits.unreadLine)
    return `would leave out ${hole} values before it, of which line ${limits.unreadLine} may have one: correct that, and import the file again`
  if (hole > limits.inAll)
    return 'would leave out more values than one import may in all; import the file again to go on'
  return undefined
}

// What a statement may hold.
const maxRows = 1_000
const maxValues = 4_096

/** Steps that go into one statement: in order, with one frame, and not too many. */
export function statementsOf(steps: readonly Step[]): Step[][] {
  const statements: Step[][] = []
  let values = 0
  for (const step of steps) {
    const current = statements.at(-1)
    const more = step.skip + (step.row ? 1 : 0)
    const fits =
      current !== undefined &&
      current.length < maxRows &&
      values + more <= maxValues &&
      sameFrame(current[0]!.frame, step.frame)
    values = fits ? values + more : more
    if (fits) current.push(step)
    else statements.push([step])
  }
  return statements
}

const sameFrame = (a: Frame, b: Frame) => a.head === b.head && a.width === b.width && a.tail === b.tail
