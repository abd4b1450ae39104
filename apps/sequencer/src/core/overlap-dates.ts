import { daysInMonth } from './calendar'
import { fiscalYearOf } from './period'

/** Digits of a date as its tokens show them, by their place in the token; those that are missing may be any. */
export type DatePattern = Record<'YYYY' | 'MM' | 'DD' | 'Q' | 'FY', (string | undefined)[]> & {
  /** The year is shown with two digits: it is one of this century. */
  short: boolean
}

const months = Array.from({ length: 12 }, (_, index) => index + 1)
const days = Array.from({ length: 31 }, (_, index) => index + 1)

/** Whether there is a date that has these digits. */
export function canHaveDate(pattern: DatePattern, fiscalYearStart: number): boolean {
  const { YYYY, MM, DD, Q, FY, short } = pattern
  const possible = days.filter((day) => matches(DD, day, 2))
  // Whether a year fits depends on the month only by these two.
  const years = new Map<string, boolean>()
  const someYear = (month: number, leap: boolean) => {
    const later = fiscalYearOf({ year: 0, month, day: 1 }, fiscalYearStart)
    const key = `${later} ${leap}`
    if (!years.has(key)) years.set(key, findYear(later, leap))
    return years.get(key)!
  }
  function findYear(later: number, leap: boolean): boolean {
    const free = YYYY.length === 0 && FY.length === 0
    for (let year = short || free ? 2000 : 1; year <= (short ? 2099 : 9999); year += 1)
      if (
        matches(YYYY, year, 4) &&
        year + later <= 9999 &&
        matches(FY, year + later, 4) &&
        (!leap || daysInMonth(year, 2) === 29)
      )
        return true
    return false
  }
  return months.some((month) => {
    if (!matches(MM, month, 2) || !matches(Q, Math.ceil(month / 3), 1)) return false
    const longest = daysInMonth(2000, month)
    if (!possible.some((day) => day <= longest)) return false
    const leap = month === 2 && possible.every((day) => day > 28)
    return someYear(month, leap)
  })
}

function matches(digits: readonly (string | undefined)[], value: number, width: number): boolean {
  if (digits.length === 0) return true
  const text = String(value).padStart(width, '0')
  for (let at = 0; at < digits.length; at += 1)
    if (digits[at] !== undefined && digits[at] !== text[at]) return false
  return true
}
