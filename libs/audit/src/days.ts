import { Temporal } from 'temporal-polyfill'
import { microsecondsOf } from './time'

const minuteUs = 60_000_000
const hourUs = 60 * minuteUs
const dayUs = 24 * hourUs
// Days begin, and clocks change, at a quarter of an hour.
const quarterUs = 15 * minuteUs
const mostKept = 10_000

/** The days of moments such as `2026-11-28T09:00:00.000000Z` in time zones of the IANA database. */
export function createDays() {
  const kept = new Map<string, string>()

  function dayOf(atUs: number, timeZone: string): string {
    const quarter = Math.floor(atUs / quarterUs)
    const key = `${timeZone} ${quarter}`
    const known = kept.get(key)
    if (known) return known
    if (kept.size >= mostKept) kept.clear()
    const moment = Temporal.Instant.fromEpochMilliseconds((quarter * quarterUs) / 1000)
    const day = moment.toZonedDateTimeISO(timeZone).toPlainDate().toString()
    kept.set(key, day)
    return day
  }

  /** PostgreSQL knows a few more names. */
  function isKnown(timeZone: string): boolean {
    try {
      dayOf(0, timeZone)
      return true
    } catch (error) {
      if (error instanceof RangeError) return false
      throw error
    }
  }

  return {
    of: (at: string, timeZone: string) => dayOf(microsecondsOf(at), isKnown(timeZone) ? timeZone : 'UTC'),

    /**
     * The days that a moment may have for the database. It may have read the clock a minute before, where that was set
     * back; and its time zones may be of another edition than those here.
     */
    around(at: string, timeZone: string): string[] {
      const us = microsecondsOf(at)
      if (Number.isNaN(us)) return []
      const known = isKnown(timeZone)
      const [before, after] =
        timeZone === 'UTC' ? [minuteUs, 0] : known ? [hourUs + minuteUs, hourUs] : [dayUs, dayUs]
      const zone = known ? timeZone : 'UTC'
      return [...new Set([us - before, us, us + after].map((moment) => dayOf(moment, zone)))]
    },
  }
}
