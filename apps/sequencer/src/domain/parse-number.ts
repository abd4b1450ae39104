import { daysInMonth, daysOfWeek, type PlainDate } from './calendar'
import { firstDayOf, yearsSpanned } from './fiscal-year'
import { frameOf, partsWidth, requireShown, type DateToken, type Template } from './template'

/** What a number says: its value, and a date on which it has this form. */
interface ReadNumber {
  value: number
  date: PlainDate
}

/**
 * Reads a number back: the inverse of formatting. As all but the value has a fixed width, there is one way to read it.
 *
 * @returns undefined unless the template gives this very text, on some day, to some value. There may be many such days:
 *   the first of them is given, and where the template is unambiguous all belong to the same period.
 */
export function parseNumber(
  template: Template,
  fiscalYearStart: number,
  number: string,
): ReadNumber | undefined {
  const headEnd = partsWidth(template.head)
  const tailStart = number.length - partsWidth(template.tail)
  const digits = number.slice(headEnd, tailStart)
  const value = Number(digits)
  const padded = String(value).padStart(template.width, '0')
  if (tailStart < headEnd || digits !== padded || value < 1 || !Number.isSafeInteger(value)) return undefined

  const [head, tail] = [number.slice(0, headEnd), number.slice(tailStart)]
  const shown = { ...tokensIn(template.tail, tail), ...tokensIn(template.head, head) }
  const date = candidates(shown, fiscalYearStart).find((candidate) => {
    const frame = frameOf(template, candidate, fiscalYearStart)
    return frame.head === head && frame.tail === tail && canShow(template, candidate, fiscalYearStart)
  })
  return date && { value, date }
}

function canShow(template: Template, date: PlainDate, fiscalYearStart: number): boolean {
  try {
    requireShown(template, date, fiscalYearStart)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

type Shown = Partial<Record<DateToken, number>>

/** The date tokens of one side of a number; NaN where there are no digits. */
function tokensIn(parts: Template['head'], text: string): Shown {
  const shown: Shown = {}
  let at = 0
  for (const part of parts) {
    const width = partsWidth([part])
    if ('token' in part) shown[part.token] = Number(text.slice(at, at + width))
    at += width
  }
  return shown
}

/** Days of which one is as shown, if any is: a few, as what is not shown makes no difference. */
function candidates(shown: Shown, fiscalYearStart: number): PlainDate[] {
  const { YYYY, YY, WW } = shown
  // With {YY} there are the years of this century only, as with all that have two digits.
  const year = YY === undefined ? YYYY : 2000 + YY
  const fiscalYear = fiscalYearIn(shown, fiscalYearStart)
  const weekYear = shown.GG === undefined ? shown.GGGG : 2000 + shown.GG
  const years = yearsOf(year, fiscalYear, weekYear)?.filter(isYear)
  if (WW !== undefined) return inWeeks(WW, weekYear, years ?? allWeeks)
  const daysIn = daysOfMonths(shown, fiscalYear !== undefined, weekYear !== undefined, fiscalYearStart)
  return (years ?? [leapYear]).flatMap((each) => daysIn(each))
}

function fiscalYearIn({ FY, FY2, FYF, FYF2 }: Shown, fiscalYearStart: number): number | undefined {
  const last = FY2 === undefined ? FY : 2000 + FY2
  const first = FYF2 === undefined ? FYF : 2000 + FYF2
  return last ?? (first === undefined ? undefined : first + yearsSpanned(fiscalYearStart))
}

/** The calendar years of which one is meant, if any is. */
function yearsOf(year?: number, fiscalYear?: number, weekYear?: number): number[] | undefined {
  if (year !== undefined) return [year]
  if (fiscalYear !== undefined) return [fiscalYear - 1, fiscalYear]
  if (weekYear !== undefined) return [weekYear - 1, weekYear, weekYear + 1]
  return undefined
}

const leapYear = 2000 // it has every day
const allWeeks = Array.from({ length: 28 }, (_, nth) => 2000 + nth) // each day is in every week in which it can be
const isYear = (year: number) => year >= 1 && year <= 9999

/** The days of weeks that are in some years, or may be. */
function inWeeks(week: number, weekYear: number | undefined, years: readonly number[]): PlainDate[] {
  if (!(week >= 1 && week <= 53)) return []
  const weekYears =
    weekYear === undefined ? new Set(years.flatMap((year) => [year - 1, year, year + 1])) : [weekYear]
  return [...weekYears].filter(isYear).flatMap((each) => daysOfWeek(each, week))
}

const allMonths = Array.from({ length: 12 }, (_, index) => index + 1)

/** The days of a year of which one is as shown, if any is. */
function daysOfMonths(
  { MM, DD, Q }: Shown,
  fiscal: boolean,
  ofWeeks: boolean,
  fiscalYearStart: number,
): (year: number) => PlainDate[] {
  const anyMonth = DD !== undefined || Q !== undefined || fiscal || ofWeeks
  const months = MM !== undefined ? [MM] : anyMonth ? allMonths : [1]
  const first = firstDayOf(fiscalYearStart)
  return (year) =>
    months
      .filter((month) => allMonths.includes(month))
      .flatMap((month) => {
        const last = daysInMonth(year, month)
        return days(month, last)
          .filter((day) => day >= 1 && day <= last)
          .map((day) => ({ year, month, day }))
      })

  /** Of days that differ in what is shown, one each: fiscal years change on one day, weeks' years at a month's end. */
  function days(month: number, last: number): number[] {
    if (DD !== undefined) return [DD]
    const around = fiscal && month === first.month ? [first.day - 1, first.day] : []
    return [1, ...around, ...(ofWeeks ? [last] : [])]
  }
}
