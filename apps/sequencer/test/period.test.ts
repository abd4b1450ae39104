import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { dayOf, parseDate, type PlainDate } from '../src/domain/calendar'
import { firstDayOf, fiscalYearOf, fiscalYearStartOf, parseFiscalYearStart } from '../src/domain/fiscal-year'
import { periodOf } from '../src/domain/period'
import { createSequence } from '../src/domain/sequence'
import { anyFiscalYearStart, fiscalYearStarts, plainRules } from './rule-sets'

test.each([
  ['never', '2026-11-21', 1, ''],
  ['yearly', '2026-11-21', 1, '2026'],
  ['quarterly', '2026-11-21', 1, '2026-Q4'],
  ['quarterly', '2026-03-31', 1, '2026-Q1'],
  ['monthly', '2026-11-21', 1, '2026-11'],
  ['daily', '2026-11-21', 1, '2026-11-21'],
  ['fiscal_yearly', '2026-03-31', 4, 'FY2026'],
  ['fiscal_yearly', '2026-04-01', 4, 'FY2027'],
  ['fiscal_yearly', '2026-12-31', 1, 'FY2026'],
  ['fiscal_yearly', '2026-12-01', 12, 'FY2027'],
  ['fiscal_yearly', '2026-04-05', 406, 'FY2026'],
  ['fiscal_yearly', '2026-04-06', 406, 'FY2027'],
  ['fiscal_yearly', '2026-12-30', 1231, 'FY2026'],
  ['fiscal_yearly', '2026-12-31', 1231, 'FY2027'],
  ['fiscal_yearly', '2028-02-28', 228, 'FY2029'],
  ['fiscal_yearly', '2028-02-29', 3, 'FY2028'],
  ['weekly', '2020-12-31', 1, '2020-W53'],
  ['weekly', '2021-01-01', 1, '2020-W53'],
  ['weekly', '2021-01-02', 1, '2020-W53'],
  ['weekly', '2021-01-03', 1, '2020-W53'],
  ['weekly', '2021-01-04', 1, '2021-W01'],
  ['weekly', '2024-12-29', 1, '2024-W52'],
  ['weekly', '2024-12-30', 1, '2025-W01'],
  ['weekly', '0001-01-01', 1, '0001-W01'],
  ['weekly', '9999-12-31', 1, '9999-W52'],
] as const)('%s: %s, with a fiscal year from %i, is in "%s"', (reset, date, start, period) => {
  expect(periodOf(reset, parseDate(date), start)).toBe(period)
})

test.each([
  ['2026-12-31T23:30:00Z', 'Asia/Tokyo', '2027-01-01'],
  ['2026-12-31T23:30:00Z', 'America/New_York', '2026-12-31'],
  ['2026-12-31T23:30:00Z', 'UTC', '2026-12-31'],
])('%s is in %s the day %s', (at, zone, day) => {
  expect(dayOf(Date.parse(at), zone).date).toEqual(parseDate(day))
})

test.each([
  ['a day has 23 hours when the clock goes forward', '2026-03-29T12:00:00Z', 'Europe/Berlin', 23],
  ['a day has 25 hours when it goes back', '2026-10-25T12:00:00Z', 'Europe/Berlin', 25],
  ['a day may begin at one o’clock', '2018-11-04T12:00:00Z', 'America/Sao_Paulo', 23],
  ['other days have 24', '2026-11-21T12:00:00Z', 'Europe/Berlin', 24],
])('%s', (_, at, zone, hours) => {
  const { fromMs, untilMs } = dayOf(Date.parse(at), zone)
  expect((untilMs - fromMs) / 3_600_000).toBe(hours)
})

test('each moment is in exactly one day: days meet without a gap or an overlap', () => {
  const zones = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/Sao_Paulo',
    'Asia/Kathmandu',
    'Pacific/Apia',
    'Africa/Cairo',
  )
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2090, 0) }), zones, (at, zone) => {
      const day = dayOf(at, zone)
      expect(at).toBeGreaterThanOrEqual(day.fromMs)
      expect(at).toBeLessThan(day.untilMs)
      expect(dayOf(day.untilMs, zone).fromMs).toBe(day.untilMs)
      expect(dayOf(day.fromMs - 1, zone).untilMs).toBe(day.fromMs)
    }),
  )
})

test('a fiscal year begins on its day each year, and on no other', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1990, max: 2090 }), fc.nat(366), anyFiscalYearStart, (year, nth, start) => {
      const [before, date] = [nth - 1, nth].map((day) => {
        const {
          year: y,
          month,
          day: d,
        } = Temporal.PlainDate.from({ year, month: 1, day: 1 }).add({ days: day })
        return { year: y, month, day: d }
      }) as [PlainDate, PlainDate]
      const first = firstDayOf(start)
      const begins = date.month === first.month && date.day === first.day
      expect(fiscalYearOf(date, start) - fiscalYearOf(before, start)).toBe(begins ? 1 : 0)
    }),
    { numRuns: 5_000 },
  )
})

test.each(fiscalYearStarts.map((start) => [start, fiscalYearStartOf(start)] as const))(
  'the beginning %i of fiscal years is written as %s, and read as written',
  (start, text) => {
    const { month, day } = firstDayOf(start)
    // Throws for a day that the month does not have.
    Temporal.PlainMonthDay.from(
      { monthCode: `M${String(month).padStart(2, '0')}`, day },
      { overflow: 'reject' },
    )
    expect(parseFiscalYearStart([month, day].map((part) => String(part).padStart(2, '0')).join('-'))).toBe(
      start,
    )
    expect(typeof text === 'number' ? text : parseFiscalYearStart(text)).toBe(start)
  },
)

test.each(['02-29', '02-30', '04-31', '13-01', '00-01', '04-00', '4-6', '0406', '04-06 ', '', '04-6'])(
  'fiscal years do not begin on %j',
  (text) => {
    expect(() => parseFiscalYearStart(text)).toThrow(RangeError)
  },
)

test('a fiscal year is twelve months without a gap', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1990, max: 2090 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 12 }),
      (year, month, start) => {
        const next = month === 12 ? { year: year + 1, month: 1, day: 1 } : { year, month: month + 1, day: 1 }
        const steps = fiscalYearOf(next, start) - fiscalYearOf({ year, month, day: 1 }, start)
        expect(steps).toBe(next.month === start ? 1 : 0)
      },
    ),
  )
})

test("a sequence without a date in its numbers holds at any time, one with a date for its zone's day only", () => {
  const rules = { ...plainRules, prefix: 'X', timeZone: 'Asia/Tokyo' }
  const at = Date.parse('2026-12-31T23:30:00Z')
  expect(createSequence({ ...rules, template: '{seq}', reset: 'never' }).slotAt(at).window).toBeNull()
  const dated = createSequence({ ...rules, template: '{YYYY}-{seq}', reset: 'yearly' })
  expect(dated.slotAt(at)).toMatchObject({
    period: '2027',
    frame: { head: '2027-' },
    window: { fromMs: Date.parse('2026-12-31T15:00:00Z') },
  })
  expect(dated.slotAt(at - 86_400_000)).toMatchObject({ period: '2026' })
})

test.each(['2026-02-30', '2026-13-01', 'yesterday'])('there is no day %s', (text) => {
  expect(() => parseDate(text)).toThrow(RangeError)
})
