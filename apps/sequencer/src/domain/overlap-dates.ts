import { daysInMonth } from './calendar'
import { fiscalYearOf } from './period'

/** The known digits of a date, by token and by place in the token; where one is missing, any will do. */
export type DatePattern = Record<'YYYY' | 'MM' | 'DD' | 'Q' | 'FY' | 'FYF', (string | undefined)[]> & {
  /** The years that are shown with two digits: they are 2000 to 2099. */
  short: Set<ShortYear>
}

/** A year that can be shown with two digits. */
export type ShortYear = 'YYYY' | 'FY' | 'FYF'

const months = Array.from({ length: 12 }, (_, index) => index + 1)
const days = Array.from({ length: 31 }, (_, index) => index + 1)

/** Whether there is a date that has these digits. */
export function canHaveDate(pattern: DatePattern, fiscalYearStart: number): boolean {
  const { MM, DD, Q } = pattern
  const possibleDays = days.filter((day) => matches(DD, day, 2))
  // The month matters to the year only by these two, and there are many years to try.
  const answers = new Map<string, boolean>()
  const hasYear = (fiscalOffset: number, leap: boolean) => {
    const key = `${fiscalOffset} ${leap}`
    if (!answers.has(key))
      answers.set(key, canHaveYear(pattern, fiscalOffset, fiscalYearStart > 1 ? 1 : 0, leap))
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
 * @param span by how many years the fiscal year's first calendar year is before its last
 * @param leap whether it has to be a leap year
 */
function canHaveYear(
  { YYYY, FY, FYF, short }: Pick<DatePattern, 'YYYY' | 'FY' | 'FYF' | 'short'>,
  fiscalOffset: number,
  span: number,
  leap: boolean,
): boolean {
  const any = YYYY.length === 0 && FY.length === 0 && FYF.length === 0
  const [from, to] = short.has('YYYY') ? [2000, 2099] : short.size > 0 ? [1999, 2100] : [any ? 2000 : 1, 9999]
  const isShown = (name: ShortYear, year: number) => !short.has(name) || (year >= 2000 && year <= 2099)
  for (let year = from; year <= to; year += 1) {
    const last = year + fiscalOffset
    const first = last - span
    if (
      matches(YYYY, year, 4) &&
      last <= 9999 &&
      matches(FY, last, 4) &&
      matches(FYF, first, 4) &&
      isShown('FY', last) &&
      isShown('FYF', first) &&
      (!leap || daysInMonth(year, 2) === 29)
    )
      return true
  }
  return false
}

function matches(digits: readonly (string | undefined)[], value: number, width: number): boolean {
  if (digits.length === 0) return true
  const text = String(value).padStart(width, '0')
  for (let at = 0; at < digits.length; at += 1)
    if (digits[at] !== undefined && digits[at] !== text[at]) return false
  return true
}
