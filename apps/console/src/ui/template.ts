interface CalendarDate {
  year: number
  month: number
  day: number
}

/**
 * What a template makes of a date and a value, to look at while it is written: the service decides. Undefined for what is
 * no template in braces.
 *
 * @param fiscalYearStart a month, or a day such as `04-06`
 */
export function renderTemplate(
  template: string,
  prefix: string,
  date: CalendarDate,
  fiscalYearStart: number | string,
  value: number,
): string | undefined {
  const { year, month, day } = date
  const fiscalYear = fiscalYearOf(date, fiscalYearStart)
  const firstYear = isCalendarYear(fiscalYearStart) ? fiscalYear : fiscalYear - 1
  const week = weekOf(date)
  const tokens: Record<string, string> = {
    prefix,
    YYYY: padded(year, 4),
    YY: padded(year % 100, 2),
    MM: padded(month, 2),
    DD: padded(day, 2),
    Q: String(Math.ceil(month / 3)),
    FY: padded(fiscalYear, 4),
    FY2: padded(fiscalYear % 100, 2),
    FYF: padded(firstYear, 4),
    FYF2: padded(firstYear % 100, 2),
    GGGG: padded(week.year, 4),
    GG: padded(week.year % 100, 2),
    WW: padded(week.week, 2),
  }
  let values = 0
  let isWhole = true
  const text = template.replace(/\{\{|\}\}|\{[^{}]*\}|[{}]/g, (piece) => {
    if (piece === '{{' || piece === '}}') return piece[0]!
    const name = piece.slice(1, -1)
    const [, width = '1'] = /^seq(?::(\d+))?$/.exec(name) ?? []
    if (/^seq(:|$)/.test(name) && Number(width) >= 1 && Number(width) <= maxWidth) {
      values += 1
      return padded(value, Number(width))
    }
    const known = Object.hasOwn(tokens, name) ? tokens[name] : undefined
    if (known === undefined) isWhole = false
    return known ?? ''
  })
  return isWhole && values === 1 ? text : undefined
}

// As many digits as the largest value has.
const maxWidth = 16

const padded = (value: number, width: number) => String(value).padStart(width, '0')

function fiscalYearOf({ year, month, day }: CalendarDate, start: number | string): number {
  const first = firstDayOf(start)
  if (isCalendarYear(start)) return year
  return month > first.month || (month === first.month && day >= first.day) ? year + 1 : year
}

function isCalendarYear(start: number | string): boolean {
  const { month, day } = firstDayOf(start)
  return month === 1 && day === 1
}

function firstDayOf(start: number | string): { month: number; day: number } {
  const [month = 1, day = 1] = String(start).split('-').map(Number)
  return { month, day }
}

/** The week of ISO 8601, with the year that it belongs to. */
function weekOf({ year, month, day }: CalendarDate): { year: number; week: number } {
  const thursday = new Date(Date.UTC(year, month - 1, day))
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7))
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  return {
    year: thursday.getUTCFullYear(),
    week: Math.ceil(((thursday.getTime() - first) / 86_400_000 + 1) / 7),
  }
}

/** Today in a time zone. */
export function todayIn(timeZone: string): CalendarDate {
  const text = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(new Date())
  const [year = 1970, month = 1, day = 1] = text.split('-').map(Number)
  return { year, month, day }
}

/** The dates at which a number may change its form: today, and both sides of the end of the year and of the fiscal year. */
export function tellingDates(today: CalendarDate, fiscalYearStart: number | string): CalendarDate[] {
  const { month, day } = firstDayOf(fiscalYearStart)
  const begin = fiscalYearOf(today, fiscalYearStart) + (isCalendarYear(fiscalYearStart) ? 1 : 0)
  const turn = (year: number, ofMonth: number, ofDay: number) =>
    [-1, 0].map((days) => {
      const date = new Date(Date.UTC(year, ofMonth - 1, ofDay + days))
      return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
    })
  const dates = [today, ...turn(today.year + 1, 1, 1), ...turn(begin, month, day)]
  return [...new Map(dates.map((date) => [isoOf(date), date])).entries()]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([, date]) => date)
}

export const isoOf = ({ year, month, day }: CalendarDate) =>
  `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`
