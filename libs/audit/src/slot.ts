import type { Frame } from './number'

/** The rules from which the period and the form of a number follow. */
interface SlotRules {
  prefix: string
  template: string
  reset: string
  fiscal_year_start: number
}

/** Where a number belongs, and what it looks like. */
export interface Slot {
  period: string
  frame: Frame
}

interface Day {
  year: number
  month: number
  day: number
}

/**
 * The slot of a date such as `2026-11-28`, as `slot_of` of the database gives it: a differential test compares them.
 *
 * @returns undefined if the template cannot show the date
 */
export function slotOf(rules: SlotRules, date: string): Slot | undefined {
  const [, year, month, day] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(date) ?? []).map(Number)
  return year ? slotOfDay(rules, { year, month: month!, day: day! }) : undefined
}

function slotOfDay(rules: SlotRules, day: Day): Slot | undefined {
  const { year } = day
  const fiscalYear = fiscalYearOf(day, rules.fiscal_year_start)
  const firstYear = rules.fiscal_year_start > 1 ? fiscalYear - 1 : fiscalYear
  const short: Record<string, number> = { '{YY}': year, '{FY2}': fiscalYear, '{FYF2}': firstYear }
  const frame: Frame = { head: '', width: 0, tail: '' }
  for (const [piece] of rules.template.matchAll(/\{\{|\}\}|\{[^{}]*\}|[^{}]+/g)) {
    const [, width] = /^\{seq(?::(\d+))?\}$/.exec(piece) ?? []
    if (piece.startsWith('{seq')) frame.width = Number(width ?? 1)
    else if (short[piece] !== undefined && (short[piece] < 2000 || short[piece] > 2099)) return undefined
    else frame[frame.width ? 'tail' : 'head'] += textOf(piece, rules.prefix, day, fiscalYear, firstYear)
  }
  if (year < 1 || fiscalYear > 9999) return undefined
  return { period: periodOf(rules, day, fiscalYear), frame }
}

/** The fiscal year is named for the calendar year in which it ends. */
const fiscalYearOf = ({ year, month }: Day, start: number) => (start > 1 && month >= start ? year + 1 : year)

const digits = (value: number, width: number) => String(value).padStart(width, '0')
const quarterOf = ({ month }: Day) => Math.ceil(month / 3)

function textOf(piece: string, prefix: string, day: Day, fiscalYear: number, firstYear: number): string {
  switch (piece) {
    case '{{':
    case '}}':
      return piece[0]!
    case '{prefix}':
      return prefix
    case '{YYYY}':
      return digits(day.year, 4)
    case '{YY}':
      return digits(day.year % 100, 2)
    case '{MM}':
      return digits(day.month, 2)
    case '{DD}':
      return digits(day.day, 2)
    case '{Q}':
      return String(quarterOf(day))
    case '{FY}':
      return digits(fiscalYear, 4)
    case '{FY2}':
      return digits(fiscalYear % 100, 2)
    case '{FYF}':
      return digits(firstYear, 4)
    case '{FYF2}':
      return digits(firstYear % 100, 2)
    default:
      return piece
  }
}

function periodOf({ reset }: SlotRules, day: Day, fiscalYear: number): string {
  const year = digits(day.year, 4)
  const month = `${year}-${digits(day.month, 2)}`
  switch (reset) {
    case 'yearly':
      return year
    case 'fiscal_yearly':
      return `FY${digits(fiscalYear, 4)}`
    case 'quarterly':
      return `${year}-Q${quarterOf(day)}`
    case 'monthly':
      return month
    case 'daily':
      return `${month}-${digits(day.day, 2)}`
    default:
      return ''
  }
}

/** Whether a slot is that of any date: of an imported number the date may not be known. */
export function isSlotOfSomeDate(rules: SlotRules, slot: Slot): boolean {
  // A fiscal year shows the calendar year, or one beside it.
  const around = rules.template.includes('{FY') || rules.reset === 'fiscal_yearly' ? [-1, 0, 1] : [0]
  const years = new Set([2000, 2001]) // with and without a leap day; any other year shows in the period or in the text
  for (const [, year] of `${slot.period} ${slot.frame.head} ${slot.frame.tail}`.matchAll(/(?=(\d{4}))/g)) {
    for (const by of around) years.add(Number(year) + by)
  }
  for (const [, year] of `${slot.frame.head} ${slot.frame.tail}`.matchAll(/(?=(\d\d))/g))
    for (const by of around) years.add(2000 + Number(year) + by)
  for (const year of years)
    for (let month = 1; month <= 12; month += 1)
      for (let day = 1; day <= new Date(Date.UTC(year, month, 0)).getUTCDate(); day += 1) {
        const other = slotOfDay(rules, { year, month, day })
        if (other && isSameSlot(slot, other)) return true
      }
  return false
}

export const isSameSlot = (a: Slot, b: Slot) =>
  a.period === b.period &&
  a.frame.head === b.frame.head &&
  a.frame.width === b.frame.width &&
  a.frame.tail === b.frame.tail
