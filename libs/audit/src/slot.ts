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
  const shown = shownOn(day, rules)
  const short: Record<string, number> = {
    '{YY}': day.year,
    '{FY2}': shown.fiscalYear,
    '{FYF2}': shown.firstYear,
    '{GG}': shown.weekYear,
  }
  const frame: Frame = { head: '', width: 0, tail: '' }
  for (const [piece] of rules.template.matchAll(/\{\{|\}\}|\{[^{}]*\}|[^{}]+/g)) {
    const [, width] = /^\{seq(?::(\d+))?\}$/.exec(piece) ?? []
    if (piece.startsWith('{seq')) frame.width = Number(width ?? 1)
    else if (short[piece] !== undefined && (short[piece] < 2000 || short[piece] > 2099)) return undefined
    else frame[frame.width ? 'tail' : 'head'] += textOf(piece, rules.prefix, shown)
  }
  if (day.year < 1 || shown.fiscalYear > 9999) return undefined
  return { period: periodOf(rules, shown), frame }
}

/** What numbers can show of a day. */
interface Shown extends Day {
  quarter: number
  /** The fiscal year is named for the calendar year in which it ends; `firstYear` is that in which it begins. */
  fiscalYear: number
  firstYear: number
  /** The week by ISO 8601, and the year to which it belongs. */
  weekYear: number
  week: number
}

function shownOn(day: Day, { fiscal_year_start: start, template, reset }: SlotRules): Shown {
  const date = 100 * day.month + day.day
  // A start is a month, on its first day, or month and day in one, as in 406.
  const fiscalYear = start > 1 && date >= (start > 12 ? start : 100 * start + 1) ? day.year + 1 : day.year
  const firstYear = start > 1 ? fiscalYear - 1 : fiscalYear
  // Weeks take longer than all the rest, and few rules have them.
  const week = reset === 'weekly' || /\{(GG|WW)/.test(template) ? weekOf(day) : { weekYear: 0, week: 0 }
  return { ...day, quarter: Math.ceil(day.month / 3), fiscalYear, firstYear, ...week }
}

const dayMs = 86_400_000

function weekOf({ year, month, day }: Day): { weekYear: number; week: number } {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  // The Thursday of a week says to which year it belongs.
  date.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7))
  const first = new Date(date)
  first.setUTCMonth(0, 1)
  return {
    weekYear: date.getUTCFullYear(),
    week: 1 + Math.floor((date.getTime() - first.getTime()) / (7 * dayMs)),
  }
}

const digits = (value: number, width: number) => String(value).padStart(width, '0')

function textOf(piece: string, prefix: string, shown: Shown): string {
  switch (piece) {
    case '{{':
    case '}}':
      return piece[0]!
    case '{prefix}':
      return prefix
    case '{YYYY}':
      return digits(shown.year, 4)
    case '{YY}':
      return digits(shown.year % 100, 2)
    case '{MM}':
      return digits(shown.month, 2)
    case '{DD}':
      return digits(shown.day, 2)
    case '{Q}':
      return String(shown.quarter)
    case '{FY}':
      return digits(shown.fiscalYear, 4)
    case '{FY2}':
      return digits(shown.fiscalYear % 100, 2)
    case '{FYF}':
      return digits(shown.firstYear, 4)
    case '{FYF2}':
      return digits(shown.firstYear % 100, 2)
    case '{GGGG}':
      return digits(shown.weekYear, 4)
    case '{GG}':
      return digits(shown.weekYear % 100, 2)
    case '{WW}':
      return digits(shown.week, 2)
    default:
      return piece
  }
}

function periodOf({ reset }: SlotRules, shown: Shown): string {
  const year = digits(shown.year, 4)
  const month = `${year}-${digits(shown.month, 2)}`
  switch (reset) {
    case 'yearly':
      return year
    case 'fiscal_yearly':
      return `FY${digits(shown.fiscalYear, 4)}`
    case 'quarterly':
      return `${year}-Q${shown.quarter}`
    case 'monthly':
      return month
    case 'weekly':
      return `${digits(shown.weekYear, 4)}-W${digits(shown.week, 2)}`
    case 'daily':
      return `${month}-${digits(shown.day, 2)}`
    default:
      return ''
  }
}

/** Whether a slot is that of any date: of an imported number the date may not be known. */
export function isSlotOfSomeDate(rules: SlotRules, slot: Slot): boolean {
  // A fiscal year, and that of a week, show the calendar year, or one beside it.
  const shifted = /\{(FY|GG)/.test(rules.template) || ['fiscal_yearly', 'weekly'].includes(rules.reset)
  const around = shifted ? [-1, 0, 1] : [0]
  // With and without a leap day, and in 28 years with each day in each week in which it can be; any other year shows in
  // the period or in the text.
  const years = new Set(
    Array.from({ length: rules.template.includes('{WW}') ? 28 : 2 }, (_, nth) => 2000 + nth),
  )
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
