import { fiscalYearOf } from './fiscal-year'
import type { Reset } from './period'
import { TemplateError, type DateToken, type Template } from './template'

/** What the date tokens of a number can show. `year` is the calendar year, `week year` the one that the week belongs to. */
type Fact = 'year' | 'fiscal year' | 'quarter' | 'month' | 'day' | 'week year' | 'week'

/** What has to follow from the tokens of a number, so that it belongs to one period. */
const needed: Record<Reset, Fact[]> = {
  never: [],
  yearly: ['year'],
  fiscal_yearly: ['fiscal year'],
  quarterly: ['year', 'quarter'],
  monthly: ['year', 'month'],
  weekly: ['week year', 'week'],
  daily: ['year', 'month', 'day'],
}

/** Tokens that show a fact, each by itself. */
const shownBy: Record<Fact, DateToken[]> = {
  year: ['YYYY', 'YY'],
  'fiscal year': ['FY', 'FY2', 'FYF', 'FYF2'],
  quarter: ['Q', 'MM'],
  month: ['MM'],
  day: ['DD'],
  'week year': ['GGGG', 'GG'],
  week: ['WW'],
}
const allFacts = Object.keys(shownBy) as Fact[]

/** The facts that some tokens show by themselves. */
const shownFacts = (tokens: readonly DateToken[]) =>
  allFacts.filter((fact) => shownBy[fact].some((token) => tokens.includes(token)))

/**
 * Refuses a template that could give the same number in two periods. As every date token has a fixed width, two
 * numbers are the same text only if their dates as shown and their values are; so it is enough that the period
 * follows from what is shown, as the fiscal year does from `{YYYY}` and `{MM}`.
 *
 * @throws TemplateError that names the tokens that are missing
 */
export function requireUnambiguous(template: Template, reset: Reset, fiscalYearStart: number): void {
  const shown = [...template.head, ...template.tail].flatMap((part) => ('token' in part ? [part.token] : []))
  const isEnough = (more: readonly DateToken[]) => {
    const facts = shownFacts([...shown, ...more])
    const missing = needed[reset].filter((fact) => !facts.includes(fact))
    return missing.length === 0 || determines(facts, missing, fiscalYearStart)
  }
  if (isEnough([])) return
  throw new TemplateError(
    `values begin again ${reset.replace('_', ' ')}, so numbers would repeat: add ${whatToAdd()}`,
  )

  /** One token of several, or one of each of several rows. */
  function whatToAdd(): string {
    const single = tokensToAdd(reset).filter((token) => isEnough([token]))
    if (single.length > 0) return choiceOf(single)
    const facts = shownFacts(shown)
    const rows = needed[reset]
      .filter((fact) => !facts.includes(fact) && !determines(facts, [fact], fiscalYearStart))
      .map((fact) => shownBy[fact])
    // With {FY}, the month gives the calendar year, too.
    const others = rows.slice(1)
    return (isEnough(others.map(([token]) => token!)) ? others : rows).map(choiceOf).join(' and ')
  }
}

const choiceOf = (tokens: readonly DateToken[]) => tokens.map((token) => `{${token}}`).join(' or ')

/** The tokens that may be missing: those that show the period by themselves come first. */
function tokensToAdd(reset: Reset): DateToken[] {
  const all: DateToken[] = ['YYYY', 'YY', 'FY', 'Q', 'MM', 'DD', 'GGGG', 'GG', 'WW']
  const direct = needed[reset].flatMap((fact) => shownBy[fact])
  return [...all.filter((token) => direct.includes(token)), ...all.filter((token) => !direct.includes(token))]
}

/** Each fact for each day in a row; the years are counted from 2000 on. */
type Columns = Record<Fact, Uint8Array>

const dayMs = 86_400_000
const base = 60 // more than any value of a fact

// Dates that show the same year of any kind are less than three years apart, and after 28 years leap days and weekdays
// come again as they were. Without a year, a date comes again in any other.
const dayCount = 30 * 366

/** Whether some facts follow from those that are shown. */
function determines(shown: readonly Fact[], wanted: readonly Fact[], fiscalYearStart: number): boolean {
  const isFiscal = [...shown, ...wanted].includes('fiscal year')
  const { columns, found } = daysFor(isFiscal ? fiscalYearStart : 1)
  const question = `${shown.join()} > ${wanted.join()}`
  const known = found.get(question)
  if (known !== undefined) return known
  const answer = followOnAllDays(columns, shown, wanted)
  found.set(question, answer)
  return answer
}

function followOnAllDays(columns: Columns, shown: readonly Fact[], wanted: readonly Fact[]): boolean {
  const [given, sought] = [shown, wanted].map((facts) => facts.map((fact) => columns[fact])) as [
    Uint8Array[],
    Uint8Array[],
  ]
  const first = new Map<number, number>()
  for (let day = 0; day < dayCount; day += 1) {
    let key = 0
    for (const column of given) key = base * key + column[day]!
    const before = first.get(key)
    if (before === undefined) first.set(key, day)
    else for (const column of sought) if (column[day] !== column[before]) return false
  }
  return true
}

/** All days with one beginning of fiscal years, and the answers that were found with them. */
interface Days {
  columns: Columns
  found: Map<string, boolean>
}

/** By the beginning of fiscal years: at most 366 entries, of 11 KB each. */
const daysOf = new Map<number, Days>()

function daysFor(fiscalYearStart: number): Days {
  const kept = daysOf.get(fiscalYearStart)
  if (kept) return kept
  const known = (calendar ??= readCalendar())
  const fiscalYears = known.year.map((year, nth) =>
    fiscalYearOf({ year, month: known.month[nth]!, day: known.day[nth]! }, fiscalYearStart),
  )
  const days = { columns: { ...known, 'fiscal year': fiscalYears }, found: new Map<string, boolean>() }
  daysOf.set(fiscalYearStart, days)
  return days
}

let calendar: Omit<Columns, 'fiscal year'> | undefined

/** Reads each day from the first of January 2001 on, which was a Monday. */
function readCalendar(): Omit<Columns, 'fiscal year'> {
  const empty = () => new Uint8Array(dayCount)
  const columns = {
    year: empty(),
    quarter: empty(),
    month: empty(),
    day: empty(),
    'week year': empty(),
    week: empty(),
  }
  const start = Date.UTC(2001, 0, 1)
  for (let nth = 0; nth < dayCount; nth += 1) {
    // Arithmetic, since a calendar takes twenty times as long.
    const date = new Date(start + nth * dayMs)
    const thursday = new Date(start + (nth - (nth % 7) + 3) * dayMs)
    const weekYear = thursday.getUTCFullYear()
    columns.year[nth] = date.getUTCFullYear() - 2000
    columns.month[nth] = date.getUTCMonth() + 1
    columns.quarter[nth] = Math.ceil(columns.month[nth]! / 3)
    columns.day[nth] = date.getUTCDate()
    columns['week year'][nth] = weekYear - 2000
    columns.week[nth] = 1 + Math.floor((thursday.getTime() - Date.UTC(weekYear, 0, 1)) / (7 * dayMs))
  }
  return columns
}
