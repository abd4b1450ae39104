import fc from 'fast-check'
import { resets } from '../src/domain/period'
import { defaultRules, type Rules } from '../src/domain/rules'

/** The rules that most tests start from; a template is for the test to give. */
export const plainRules: Rules = {
  prefix: 'INV',
  version: 1,
  template: '{seq}',
  reset: 'never',
  timeZone: 'UTC',
  fiscalYearStart: 1,
  start: 1,
  gapPolicy: 'recycle',
  ...defaultRules,
}

const tokens = [
  '{YYYY}',
  '{YY}',
  '{MM}',
  '{DD}',
  '{Q}',
  '{FY}',
  '{FY2}',
  '{FYF}',
  '{FYF2}',
  '{GGGG}',
  '{GG}',
  '{WW}',
  '{prefix}',
  '-',
  '7',
  '0',
  '{{',
  '}}',
  'A1',
  '.*',
]

/** Templates that can be parsed; whether one suits a reset is another matter. */
export const templates = fc
  .tuple(
    fc.array(fc.constantFrom(...tokens), { maxLength: 6 }),
    fc.array(fc.constantFrom(...tokens), { maxLength: 4 }),
    fc.constantFrom('{seq}', '{seq:3}', '{seq:6}', '{seq:16}'),
  )
  .map(([head, tail, seq]) => head.join('') + seq + tail.join(''))

const setsOf = <Token>(all: readonly Token[]) =>
  Array.from({ length: 2 ** all.length }, (_, bits) => all.filter((_token, nth) => (bits >> nth) & 1))

const years = ['YYYY', 'YY'] as const
const fiscalYears = ['FY', 'FY2', 'FYF', 'FYF2'] as const
const weekYears = ['GGGG', 'GG'] as const

/**
 * Each set of things that date tokens can show. Several tokens show a year: `nth` chooses among them.
 */
export const tokenSets = (nth: number) =>
  setsOf([years[nth % 2]!, fiscalYears[nth % 4]!, weekYears[(nth >> 1) % 2]!, 'Q', 'MM', 'DD', 'WW'] as const)

const lastDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** When fiscal years can begin: a month, or month and day in one. */
export const fiscalYearStarts = lastDays.flatMap((last, index) => [
  index + 1,
  ...Array.from({ length: last - 1 }, (_, day) => 100 * (index + 1) + day + 2),
])

/** Of these, more often than by chance a month, the 6 April, and days on which weeks make a difference. */
export const anyFiscalYearStart = fc.oneof(
  fc.integer({ min: 1, max: 12 }),
  fc.constantFrom(406, 102, 104, 108, 109, 228, 1224, 1225, 1229, 1231),
  fc.constantFrom(...fiscalYearStarts),
)

/** A template that shows some date tokens. */
export const templateOf = (tokens: readonly string[]) =>
  tokens.map((token) => `{${token}}-`).join('') + '{seq:5}'

export const anyReset = fc.constantFrom(...resets)

/** Values around powers of ten, where numbers widen, small ones, and any. */
export const values = fc.oneof(
  fc.integer({ min: 1, max: 50 }),
  fc.tuple(fc.integer({ min: 1, max: 15 }), fc.integer({ min: -1, max: 1 })).map(([n, d]) => 10 ** n + d),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
)

const text = (year: number, month: number, day: number) =>
  `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
const isLeap = (year: number) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

/** Business dates as in `2026-11-21`: any, and more often than by chance those at which something ends. */
export const dates = fc.oneof(
  fc
    .date({ min: new Date('2000-01-01'), max: new Date('2099-12-31T23:59:59Z'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10)),
  fc
    .tuple(
      fc.integer({ min: 2000, max: 2099 }),
      fc.constantFrom(
        ...([
          [1, 1],
          [1, 3],
          [1, 4],
          [12, 28],
          [12, 29],
          [12, 31],
          [3, 31],
          [4, 1],
          [4, 5],
          [4, 6],
          [6, 30],
          [7, 1],
        ] as const),
      ),
    )
    .map(([year, [month, day]]) => text(year, month, day)),
  fc.integer({ min: 2000, max: 2099 }).map((year) => text(year, 2, isLeap(year) ? 29 : 28)),
  fc.constantFrom(
    '0000-01-01',
    '0001-01-01',
    '0999-12-31',
    '1000-01-01',
    '9999-12-31',
    '1999-12-31',
    '2100-01-01',
  ),
)
