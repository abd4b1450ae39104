import type { PlainDate } from './calendar'

// When a fiscal year begins is one number: a month, 1 to 12, on its first day, or a day, as in 406 for 6 April. So ledgers
// and exports that have only months stay as they are.

/** The day on which fiscal years begin. */
export const firstDayOf = (fiscalYearStart: number): { month: number; day: number } =>
  fiscalYearStart > 12
    ? { month: Math.floor(fiscalYearStart / 100), day: fiscalYearStart % 100 }
    : { month: fiscalYearStart, day: 1 }

/** The fiscal year of a date, named for the calendar year in which it ends, as is usual. */
export function fiscalYearOf({ year, month, day }: PlainDate, fiscalYearStart: number): number {
  if (fiscalYearStart === 1) return year
  const first = firstDayOf(fiscalYearStart)
  return month > first.month || (month === first.month && day >= first.day) ? year + 1 : year
}

/** By how many years the calendar year in which a fiscal year begins is before that in which it ends. */
export const yearsSpanned = (fiscalYearStart: number) => (fiscalYearStart > 1 ? 1 : 0)

/** The calendar year in which the fiscal year of a date begins. */
export const firstYearOf = (date: PlainDate, fiscalYearStart: number) =>
  fiscalYearOf(date, fiscalYearStart) - yearsSpanned(fiscalYearStart)

const daysOfMonths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * Reads the day on which fiscal years begin, as in `04-06`. A first of a month is that month.
 *
 * @throws RangeError if not every year has that day
 */
export function parseFiscalYearStart(text: string): number {
  const [, month, day] = (/^(\d\d)-(\d\d)$/.exec(text) ?? []).map(Number)
  if (month === 2 && day === 29)
    throw new RangeError('only leap years have the 29th of February: write 02-28 or 03-01')
  if (!month || !day || day > (daysOfMonths[month - 1] ?? 0))
    throw new RangeError('is no day of the year: write month and day, as in 04-06 for 6 April')
  return day === 1 ? month : 100 * month + day
}

/** When fiscal years begin, as rules are written: a month, or a day as in `04-06`. */
export function fiscalYearStartOf(fiscalYearStart: number): number | string {
  if (fiscalYearStart <= 12) return fiscalYearStart
  const { month, day } = firstDayOf(fiscalYearStart)
  return [month, day].map((part) => String(part).padStart(2, '0')).join('-')
}
