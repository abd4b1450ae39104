import { AppError } from '@ordinal/errors'
import { windowOfDates } from '../core/calendar'
import type { Rules } from '../core/rules'
import type { Sequence, Slot } from '../core/sequence'

/** The slot of a business date. @throws AppError `validation_failed` if there can be no number of it */
export function requireSlot(sequence: Sequence, date: string): Slot {
  try {
    return sequence.slotOfDate(date)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new AppError('validation_failed', `business_date: ${error.message}`, {
      errors: [{ path: 'business_date', message: error.message }],
    })
  }
}

/**
 * Refuses a date far outside the window of the rules, before the database is asked. The day next to the window is left
 * to the database, by whose clock it may be in it.
 *
 * @throws AppError `business_date_out_of_window`
 */
export function requireNearWindow(rules: Rules, date: string, atMs: number): void {
  const near = windowOfDates(rules, atMs, 1)
  if ((near.first === '' || date >= near.first) && (near.last === '' || date <= near.last)) return
  throw outOfWindow(rules.prefix, date, windowOfDates(rules, atMs, 0))
}

export function outOfWindow(
  prefix: string,
  date: string | undefined,
  { first, last }: { first: string; last: string },
): AppError {
  const bounds = [first && `from ${first}`, last && `to ${last}`].filter(Boolean).join(' ')
  return new AppError(
    'business_date_out_of_window',
    `${prefix} takes business dates ${bounds}, and ${date} is none of them`,
  )
}
