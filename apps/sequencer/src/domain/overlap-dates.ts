import { daysInMonth } from './calendar'
import { fiscalYearOf } from './period'

/** The known digits of a date, by token and by place in the token; where one is missing, any will do. */
export type DatePattern = Record<'YYYY' | 'MM' | 'DD' | 'Q' | 'FY', (string | undefined)[]> & {
  /** The year is shown with two digits: it is 2000 to 2099. */
  short: boolean
}

const months = Array.from({ length: 12 }, (_, index) => index + 1)
const days = Array.from({ length: 31 }, (_, index) => index + 1)

/** Whether there is a date that has these digits. */
export function canHaveDate(pattern: DatePattern, fiscalYearStart: number): boolean {
  const { YYYY, MM, DD, Q, FY, short } = pattern
  const possibleDays = days.filter((day) => matches(DD, day, 2))
  // The month matters to the year only by these two, and there are many years to try.
  const answers = new Map<string, boolean>()
  const hasYear = (fiscalOffset: number, leap: boolean) => {
    const key = `${fiscalOffset} ${leap}`
    if (!answers.has(key)) answers.set(key, canHaveYear({ YYYY, FY, short }, fiscalOffset, leap))
    return answers.get(key)!
  }
  return months.some((month) => {
    if (!matches(MM, month, 2) || !matches(Q, Math.ceil(month / 3), 1)) return false
    const lastDay = daysInMonth(2000, month)
    if (!possibleDays.some((day) => day <= lastDay)) return false
    const leap = month === 2 && possibleDays.every((day) => day > 28)
    return hasYear(fiscalYearOf({ year: 0, month, day: 1 }, fiscalYearStart), leap)
  })
}

/**
 * Whether there is a year that has these digits.
 *
 * @param fiscalOffset by how many years the fiscal year is ahead
 * @param leap whether it has to be a leap year
 */
function canHaveYear(
  { YYYY, FY, short }: Pick<DatePattern, 'YYYY' | 'FY' | 'short'>,
  fiscalOffset: number,
  leap: boolean,
): boolean {
  const any = YYYY.length === 0 && FY.length === 0
  for (let year = short || any ? 2000 : 1; year <= (short ? 2099 : 9999); year += 1)
    if (
      matches(YYYY, year, 4) &&
      year + fiscalOffset <= 9999 &&
      matches(FY, year + fiscalOffset, 4) &&
      (!leap || daysInMonth(year, 2) === 29)
    )
      return true
  return false
}

function matches(digits: readonly (string | undefined)[], value: number, width: number): boolean {
  if (digits.length === 0) return true
  const text = String(value).padStart(width, '0')
  for (let at = 0; at < digits.length; at += 1)
    if (digits[at] !== undefined && digits[at] !== text[at]) return false
  return true
}
