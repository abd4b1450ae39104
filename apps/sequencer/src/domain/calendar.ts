import { Temporal } from 'temporal-polyfill'

/** A day of the calendar. */
export interface PlainDate {
  year: number
  month: number
  day: number
}

/** A day in a time zone, as a stretch of time: from its first moment up to the next day's, in ms since 1970. */
interface Day {
  date: PlainDate
  fromMs: number
  untilMs: number
}

/** The day to which a moment belongs in a time zone. A day has 23 or 25 hours when clocks change. */
export function dayOf(atMs: number, timeZone: string): Day {
  const start = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).startOfDay()
  const { year, month, day } = start
  return {
    date: { year, month, day },
    fromMs: start.epochMilliseconds,
    untilMs: start.add({ days: 1 }).startOfDay().epochMilliseconds,
  }
}

/**
 * Reads a date as ISO 8601 writes it, such as `2026-11-21`.
 *
 * @throws RangeError if there is no such day
 */
export function parseDate(text: string): PlainDate {
  const { year, month, day } = Temporal.PlainDate.from(text)
  return { year, month, day }
}

/**
 * The first and the last business date that rules accept at a moment, as in `2026-11-21`; empty where there is no bound.
 *
 * @param atMs ms since 1970
 * @param slackDays by how many days the window is wider, at both ends
 */
export function windowOfDates(
  {
    timeZone,
    businessDatePastDays: past,
    businessDateFutureDays: future,
  }: { timeZone: string; businessDatePastDays: number | null; businessDateFutureDays: number | null },
  atMs: number,
  slackDays: number,
): { first: string; last: string } {
  const today = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).toPlainDate()
  return {
    first: past === null ? '' : later(today.subtract({ days: past + slackDays }), firstDay).toString(),
    last: future === null ? '' : earlier(today.add({ days: future + slackDays }), lastDay).toString(),
  }
}

// Dates before and after are no business dates, and have more than ten characters.
const firstDay = Temporal.PlainDate.from('0001-01-01')
const lastDay = Temporal.PlainDate.from('9999-12-31')
const later = (a: Temporal.PlainDate, b: Temporal.PlainDate) => (Temporal.PlainDate.compare(a, b) > 0 ? a : b)
const earlier = (a: Temporal.PlainDate, b: Temporal.PlainDate) =>
  Temporal.PlainDate.compare(a, b) < 0 ? a : b

/** A date as in `2026-11-21`. */
export const dateText = (date: PlainDate) => Temporal.PlainDate.from(date).toString()

/** The week of a date by ISO 8601: it begins on Monday, and belongs to the year that has its Thursday. */
export function weekOf(date: PlainDate): { year: number; week: number } {
  const { yearOfWeek, weekOfYear } = Temporal.PlainDate.from(date)
  return { year: yearOfWeek!, week: weekOfYear! }
}

/** The days of a week by ISO 8601, Monday first; week 53 of a year that has none is the first of the next year. */
export function daysOfWeek(year: number, week: number): PlainDate[] {
  // The fourth of January is always in the first week.
  const fourth = Temporal.PlainDate.from({ year, month: 1, day: 4 })
  const monday = fourth.add({ days: 7 * (week - 1) + 1 - fourth.dayOfWeek })
  return Array.from({ length: 7 }, (_, days) => {
    const { year, month, day } = monday.add({ days })
    return { year, month, day }
  })
}

/** How many days a month has. */
export const daysInMonth = (year: number, month: number) =>
  Temporal.PlainYearMonth.from({ year, month }).daysInMonth

/** Whether there is such a time zone in the IANA database. An offset such as `+01:00` has no name, and is none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
