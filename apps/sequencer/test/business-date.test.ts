import fc from 'fast-check'
import { dayOf } from '../src/domain/calendar'
import { firstDayOf, fiscalYearOf } from '../src/domain/fiscal-year'
import type { Reset } from '../src/domain/period'
import { createSequence, type Sequence } from '../src/domain/sequence'
import { plainRules } from './rule-sets'

const zones = [
  'Pacific/Auckland',
  'Asia/Kolkata',
  'UTC',
  'America/Los_Angeles',
  'Africa/Cairo',
  'Pacific/Apia',
  'Australia/Lord_Howe',
] as const
const zone = fc.constantFrom(...zones)
const hourMs = 3_600_000

/** What day it is somewhere, by the C library's data and not by those of the code under test. */
const formats = new Map(
  zones.map((timeZone) => [
    timeZone,
    new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }),
  ]),
)
const dateIn = (timeZone: (typeof zones)[number], at: number) => formats.get(timeZone)!.format(at)

/** Moments: any of 80 years, and more often than by chance those around year ends, leap days and changed clocks. */
const moments = fc.oneof(
  fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2070, 0) }),
  around(12, 31),
  around(2, 28),
  around(4, 1),
  around(7, 1),
  // The Sundays on which clocks change: March, April, September, October and November.
  fc
    .tuple(
      fc.integer({ min: 2007, max: 2037 }),
      fc.constantFrom(3, 4, 9, 10, 11),
      fc.integer({ min: 1, max: 31 }),
      jitter(),
    )
    .map(([year, month, day, ms]) => Date.UTC(year, month - 1, day) + ms),
)

function around(month: number, day: number) {
  return fc
    .tuple(fc.integer({ min: 1990, max: 2069 }), jitter())
    .map(([year, ms]) => Date.UTC(year, month - 1, day) + ms)
}

function jitter() {
  return fc.oneof(
    fc.integer({ min: -36 * hourMs, max: 60 * hourMs }),
    // Whole quarters of an hour, and a millisecond either side of them.
    fc
      .tuple(fc.integer({ min: -144, max: 240 }), fc.integer({ min: -1, max: 1 }))
      .map(([q, ms]) => (q * hourMs) / 4 + ms),
  )
}

const sequenceIn = (timeZone: string, reset: Reset, fiscalYearStart = 1): Sequence =>
  createSequence({
    ...plainRules,
    template: '{YYYY}{MM}{DD}{Q}{FY}-{seq}',
    reset,
    timeZone,
    fiscalYearStart,
  })

test("a moment's slot has the date of the zone, and is that of the business date", () => {
  fc.assert(
    fc.property(
      moments,
      zone,
      fc.constantFrom<Reset>('yearly', 'fiscal_yearly', 'quarterly', 'monthly', 'weekly', 'daily'),
      fc.constantFrom(1, 4, 7, 10, 406, 1231),
      (at, timeZone, reset, fiscalYearStart) => {
        const sequence = sequenceIn(timeZone, reset, fiscalYearStart)
        const date = dateIn(timeZone, at)
        const slot = sequence.slotAt(at)
        expect(slot.frame.head.slice(0, 8)).toBe(date.replaceAll('-', ''))
        expect(sequence.slotOfDate(date)).toEqual({ ...slot, window: null })
      },
    ),
    { numRuns: 5_000 },
  )
})

test('windows contain their moment, meet without a gap, and hold one date from their first moment to their last', () => {
  fc.assert(
    fc.property(moments, zone, (at, timeZone) => {
      const sequence = sequenceIn(timeZone, 'daily')
      const { window, period } = sequence.slotAt(at)
      const { fromMs, untilMs } = window!
      expect(fromMs <= at && at < untilMs).toBe(true)
      expect([fromMs, untilMs - 1].map((ms) => dateIn(timeZone, ms))).toEqual([period, period])
      expect(dateIn(timeZone, untilMs)).not.toBe(period)
      expect(dateIn(timeZone, fromMs - 1)).not.toBe(period)
      expect(sequence.slotAt(untilMs).window!.fromMs).toBe(untilMs)
      expect(sequence.slotAt(fromMs - 1).window!.untilMs).toBe(fromMs)
      // What was remembered of other days does not show.
      expect(sequence.slotAt(at)).toEqual(sequenceIn(timeZone, 'daily').slotAt(at))
    }),
    { numRuns: 3_000 },
  )
})

test.each([
  ['Pacific/Auckland', '2026-12-31T11:00:00Z'],
  ['Asia/Kolkata', '2026-12-31T18:30:00Z'],
  ['UTC', '2027-01-01T00:00:00Z'],
  ['America/Los_Angeles', '2027-01-01T08:00:00Z'],
])('the year 2027 begins in %s at %s, and not a millisecond sooner', (timeZone, at) => {
  const sequence = sequenceIn(timeZone, 'yearly')
  expect(sequence.slotAt(Date.parse(at)).period).toBe('2027')
  expect(sequence.slotAt(Date.parse(at) - 1).period).toBe('2026')
})

test.each([
  ['Pacific/Auckland', 4, '2026-03-31T11:00:00Z'], // in daylight-saving time
  ['Pacific/Auckland', 7, '2026-06-30T12:00:00Z'],
  ['Asia/Kolkata', 4, '2026-03-31T18:30:00Z'],
  ['America/Los_Angeles', 7, '2026-07-01T07:00:00Z'],
  ['Pacific/Auckland', 406, '2026-04-05T12:00:00Z'], // the day after its clocks went back
  ['UTC', 406, '2026-04-06T00:00:00Z'],
])('in %s the fiscal year that starts with %i begins at %s', (timeZone, start, at) => {
  const sequence = sequenceIn(timeZone, 'fiscal_yearly', start)
  expect(sequence.slotAt(Date.parse(at)).period).toBe('FY2027')
  expect(sequence.slotAt(Date.parse(at) - 1).period).toBe('FY2026')
})

test.each([
  ['Pacific/Auckland', '2026-11-29T11:00:00Z'],
  ['America/Los_Angeles', '2026-11-30T08:00:00Z'],
  ['UTC', '2026-11-30T00:00:00Z'],
])('in %s the week 49 of 2026 begins at %s, a Monday', (timeZone, at) => {
  const sequence = sequenceIn(timeZone, 'weekly')
  expect(sequence.slotAt(Date.parse(at)).period).toBe('2026-W49')
  expect(sequence.slotAt(Date.parse(at) - 1).period).toBe('2026-W48')
})

test.each([
  ['Pacific/Auckland', '2026-09-27', 23],
  ['Pacific/Auckland', '2027-04-04', 25],
  ['America/Los_Angeles', '2026-03-08', 23],
  ['America/Los_Angeles', '2026-11-01', 25],
  ['Australia/Lord_Howe', '2026-10-04', 23.5],
  ['Asia/Kolkata', '2026-03-08', 24],
  ['Pacific/Auckland', '2028-02-29', 24],
])('in %s the day %s has %d hours', (timeZone, date, hours) => {
  const noon = Date.parse(`${date}T12:00:00Z`)
  const day = [noon - 12 * hourMs, noon, noon + 12 * hourMs]
    .map((at) => sequenceIn(timeZone, 'daily').slotAt(at))
    .find(({ period }) => period === date)!
  expect((day.window!.untilMs - day.window!.fromMs) / hourMs).toBe(hours)
})

test('from day to day a period stays or is the next one, never one that has been: leap days and zones included', () => {
  fc.assert(
    fc.property(
      moments,
      zone,
      fc.constantFrom<Reset>('yearly', 'fiscal_yearly', 'quarterly', 'monthly', 'weekly', 'daily'),
      fc.constantFrom(1, 4, 7, 406, 102),
      (at, timeZone, reset, fiscalYearStart) => {
        const sequence = sequenceIn(timeZone, reset, fiscalYearStart)
        const today = sequence.slotAt(at)
        const tomorrow = sequence.slotAt(today.window!.untilMs)
        // Periods sort as texts as they follow in time.
        expect(tomorrow.period >= today.period).toBe(true)
        const { year, month, day } = dayOf(today.window!.untilMs, timeZone).date
        const first = firstDayOf(fiscalYearStart)
        const begins = {
          yearly: month === 1 && day === 1,
          fiscal_yearly: month === first.month && day === first.day,
          quarterly: month % 3 === 1 && day === 1,
          monthly: day === 1,
          weekly: new Date(Date.UTC(year, month - 1, day)).getUTCDay() === 1,
          daily: true,
          never: false,
        }[reset]
        // Samoa skipped 30 December 2011, which began nothing.
        expect(tomorrow.period !== today.period).toBe(begins)
      },
    ),
    { numRuns: 5_000 },
  )
})

test('a fiscal year is named for the year in which it ends, and has all its months', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9998 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 12 }),
      (year, month, start) => {
        const fiscalYear = fiscalYearOf({ year, month, day: 1 }, start)
        const monthsToEnd = (start + 11 - month) % 12
        expect(fiscalYear).toBe(year + Math.floor((month - 1 + monthsToEnd) / 12))
      },
    ),
    { numRuns: 2_000 },
  )
})
