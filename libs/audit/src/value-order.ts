import { altered, placeOf, swapped, type Fault } from './faults'
import type { Finding } from './findings'
import type { EntryRecord } from './records'

interface Misplaced {
  row: EntryRecord
  belongs: number
  finding: Finding
}

// The row that was swapped with one of these may be far away.
const keptMisplaced = 8

/**
 * Checks that the new values of a chain follow each other.
 *
 * @param first the first of them; undefined if that is not known
 */
export function createValueOrder(first: number | undefined, found: (fault: Fault) => Finding) {
  const misplaced: Misplaced[] = []
  let next = first

  /** Reports the first row that has another value than comes next. Returns whether there is one. */
  function check(rows: readonly EntryRecord[]): boolean {
    const fresh = rows.filter(({ revision }) => revision === 1)
    if (!fresh[0]) return false
    const from = next ?? Math.min(...fresh.map(({ value }) => value))
    next = from + fresh.length
    const index = fresh.findIndex(({ value }, index) => value !== from + index)
    const row = fresh[index]
    if (!row) return false

    const belongs = from + index
    const other = fresh.find(({ value }) => value === belongs)
    const earlier = misplaced.find((one) => one.row.value === belongs && one.belongs === row.value)
    if (other) found(swapped(row, other, 'the values of'))
    else if (earlier)
      Object.assign(earlier.finding, swapped({ ...row, ...placeOf(earlier.row) }, row, 'the values of'))
    else if (isAfterGap(fresh, index, belongs)) {
      next = fresh.at(-1)!.value + 1
      found(missingBefore(row, belongs))
    } else {
      const finding = found(altered(row, 'value', `is ${row.value}, where ${belongs} belongs`))
      if (misplaced.length < keptMisplaced) misplaced.push({ row, belongs, finding })
    }
    return true
  }

  return {
    check,
    /** The value that comes next; undefined where what comes before is not known. */
    next: () => next,
    /** Takes values for given whose rows are not there. */
    skip(count: number): void {
      if (next !== undefined) next += count
    },
    /** What comes before is not known from here on. */
    forget(): void {
      next = undefined
    },
  }
}

/** Whether values are left out before a row: those after it follow it. */
function isAfterGap(fresh: readonly EntryRecord[], index: number, belongs: number): boolean {
  const { value } = fresh[index]!
  const after = fresh[index + 1]
  return value > belongs && (after ? after.value === value + 1 : index > 0)
}

const missingBefore = (row: EntryRecord, belongs: number) => ({
  ...placeOf(row),
  kind: 'missing' as const,
  value: belongs,
  number: null,
  rows: row.value - belongs,
  detail: `the value ${belongs} is missing: ${row.value} comes in its place`,
})
