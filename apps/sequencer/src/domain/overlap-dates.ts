import { daysInMonth, weekOf } from './calendar'
import { fiscalYearOf, yearsSpanned } from './fiscal-year'

type Digits = readonly (string | undefined)[]

/** A year that a number can show: the calendar year, the last and first of the fiscal year, and that of the week. */
export type ShownYear = 'YYYY' | 'FY' | 'FYF' | 'GGGG'

/** The known digits of a date, by token and by place in the token; where one is missing, any will do. */
export type DatePattern = Record<'MM' | 'DD' | 'Q' | 'WW' | ShownYear, (string | undefined)[]> & {
  /** The years that are shown with two digits: they are 2000 to 2099. */
  short: Set<ShownYear>
}

/** A day of the years of a kind. */
interface Day {
  month: number
  day: number
  week: number
  /** By how many years that of the week is ahead of the calendar year. */
  weekOffset: number
}

/** By how many years the others are ahead of the calendar year. */
type Offsets = Record<ShownYear, number>

/** Whether there is a date that has these digits. */
export function canHaveDate(pattern: DatePattern, fiscalYearStart: number): boolean {
  const { YYYY, FY, FYF, GGGG, WW, short } = pattern
  const ofWeeks = WW.length > 0 || GGGG.length > 0 || short.has('GGGG')
  const { kindOf, daysOf } = ofWeeks ? byWeekdays : byLength
  const offsets = daysOf().map((days) => offsetsIn(days, pattern, fiscalYearStart))
  const any = [YYYY, FY, FYF, GGGG].every((digits) => digits.length === 0)
  const [from, to] = short.has('YYYY') ? [2000, 2099] : short.size > 0 ? [1998, 2101] : [any ? 2000 : 1, 9999]
  for (let year = from; year <= to; year += 1) {
    if (!matches(YYYY, year, 4)) continue
    for (const ahead of offsets[kindOf(year)]!) if (canShow(year, ahead, pattern)) return true
  }
  return false
}

const otherYears = ['FY', 'FYF', 'GGGG'] as const

function canShow(year: number, ahead: Offsets, pattern: DatePattern): boolean {
  if (year + ahead.FY > 9999) return false
  return otherYears.every((name) => {
    const shown = year + ahead[name]
    return matches(pattern[name], shown, 4) && (!pattern.short.has(name) || (shown >= 2000 && shown <= 2099))
  })
}

/** By how many years the others are ahead on the days that have these digits: each combination once. */
function offsetsIn(
  days: readonly Day[],
  { MM, DD, Q, WW }: DatePattern,
  fiscalYearStart: number,
): readonly Offsets[] {
  const span = yearsSpanned(fiscalYearStart)
  const found = new Map<number, Offsets>()
  for (const { month, day, week, weekOffset } of days) {
    if (!matches(MM, month, 2) || !matches(DD, day, 2) || !matches(WW, week, 2)) continue
    if (!matches(Q, Math.ceil(month / 3), 1)) continue
    const fiscal = fiscalYearOf({ year: 0, month, day }, fiscalYearStart)
    const key = 10 * fiscal + weekOffset
    if (!found.has(key)) found.set(key, { YYYY: 0, FY: fiscal, FYF: fiscal - span, GGGG: weekOffset })
  }
  return [...found.values()]
}

/** Years of one length, where weeks do not matter: there are many days and years to try. */
const byLength = kindsOf(2, (year) => (isLeapYear(year) ? 1 : 0))

/**
 * Years of one length that begin on the same day of the week, after a year of one length: they have the same days in the
 * same weeks.
 */
const byWeekdays = kindsOf(
  21,
  (year) => firstWeekdayOf(year) + (isLeapYear(year) ? 7 : isLeapYear(year - 1) ? 14 : 0),
)

function kindsOf(count: number, kindOf: (year: number) => number) {
  let kinds: Day[][] | undefined
  const daysOf = () =>
    (kinds ??= Array.from({ length: count }, (_, kind) => {
      let year = 2000
      while (kindOf(year) !== kind) year += 1
      return daysOfYear(year)
    }))
  return { kindOf, daysOf }
}

const isLeapYear = (year: number) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

function firstWeekdayOf(year: number): number {
  const past = year - 1 // the first of January of the year 1 was a Monday
  return (past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400)) % 7
}

const daysOfYear = (year: number): Day[] =>
  Array.from({ length: 12 }, (_, index) => index + 1).flatMap((month) =>
    Array.from({ length: daysInMonth(year, month) }, (_, index) => {
      const { year: weekYear, week } = weekOf({ year, month, day: index + 1 })
      return { month, day: index + 1, week, weekOffset: weekYear - year }
    }),
  )

function matches(digits: Digits, value: number, width: number): boolean {
  for (let at = width - 1, rest = value; at >= 0 && digits.length > 0; at -= 1) {
    const digit = digits[at]
    if (digit !== undefined && Number(digit) !== rest % 10) return false
    rest = Math.floor(rest / 10)
  }
  return true
}
