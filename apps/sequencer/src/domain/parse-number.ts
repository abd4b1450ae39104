import { daysInMonth, type PlainDate } from './calendar'
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
  const { YYYY, YY, MM, DD, Q } = shown
  const fiscalYear = fiscalYearIn(shown, fiscalYearStart)
  // With {YY} there are the years of this century only.
  const years = yearsOf(YY === undefined ? YYYY : 2000 + YY, fiscalYear)
  const anyMonth = DD !== undefined || Q !== undefined || fiscalYear !== undefined
  const months = MM !== undefined ? [MM] : anyMonth ? allMonths : [1]
  return years.flatMap((year) =>
    months
      .filter((month) => allMonths.includes(month))
      .map((month) => ({ year, month, day: DD ?? 1 }))
      .filter(({ month, day }) => day >= 1 && day <= daysInMonth(year, month)),
  )
}

const allMonths = Array.from({ length: 12 }, (_, index) => index + 1)

function fiscalYearIn({ FY, FY2, FYF, FYF2 }: Shown, fiscalYearStart: number): number | undefined {
  const last = FY2 === undefined ? FY : 2000 + FY2
  const first = FYF2 === undefined ? FYF : 2000 + FYF2
  return last ?? (first === undefined ? undefined : first + (fiscalYearStart > 1 ? 1 : 0))
}

function yearsOf(year: number | undefined, fiscalYear: number | undefined): number[] {
  if (year !== undefined) return year >= 0 ? [year] : []
  if (fiscalYear !== undefined) return fiscalYear >= 1 ? [fiscalYear - 1, fiscalYear] : []
  return [2000] // a leap year: it has every day
}
