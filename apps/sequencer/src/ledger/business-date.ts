import { AppError } from '../domain/errors'
import { windowOfDates } from '../domain/calendar'
import type { Rules } from '../domain/rules'
import type { Sequence, Slot } from '../domain/sequence'
import type { OutOfOrder } from './failures'

/**
 * The slot of a business date.
 *
 * @throws AppError `validation_failed` if the sequence cannot have a number of this date
 */
export function requireSlot(sequence: Sequence, date: string): Slot {
  return shown(() => sequence.slotOfDate(date))
}

/**
 * The slot of a moment, in ms since 1970.
 *
 * @throws AppError `validation_failed` if the sequence cannot have a number of its date
 */
export function requireSlotAt(sequence: Sequence, atMs: number): Slot {
  return shown(() => sequence.slotAt(atMs))
}

function shown(slotOf: () => Slot): Slot {
  try {
    return slotOf()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw notShown(error.message)
  }
}

/** The error for a date that the sequence cannot have a number of. */
export const notShown = (message: string) =>
  new AppError('validation_failed', `business_date: ${message}`, {
    errors: [{ path: 'business_date', message }],
  })

/**
 * Refuses a date far outside the window of the rules without asking the database. The days next to the window are the
 * database's to decide: its clock may differ from this one.
 *
 * @param atMs ms since 1970
 * @throws AppError `business_date_out_of_window`
 */
export function requireNearWindow(rules: Rules, date: string, atMs: number): void {
  const near = windowOfDates(rules, atMs, 1)
  if ((near.first === '' || date >= near.first) && (near.last === '' || date <= near.last)) return
  throw outOfWindow(rules.prefix, date, windowOfDates(rules, atMs, 0))
}

/** The error for a date before that of the last number of its period. */
export const outOfOrder = (
  prefix: string,
  {
    date,
    last_date: lastDate,
    last_number: lastNumber,
  }: Pick<OutOfOrder, 'date' | 'last_date' | 'last_number'>,
) =>
  new AppError(
    'out_of_order_date',
    `${prefix} issues in the order of business dates: ${date} is before ${lastDate}, the date of ${lastNumber}, which is the last number of its period`,
  )

/** The error for a date outside of a window, of which an end without a bound is empty. */
export function outOfWindow(
  prefix: string,
  date: string | undefined,
  { first, last }: { first: string; last: string },
): AppError {
  const bounds = [first && `from ${first}`, last && `to ${last}`].filter(Boolean).join(' ')
  return new AppError(
    'business_date_out_of_window',
    `${prefix} accepts business dates ${bounds}, and ${date} is not one of them`,
  )
}
