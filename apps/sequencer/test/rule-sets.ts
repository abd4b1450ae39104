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

const dateTokens = ['YYYY', 'YY', 'MM', 'DD', 'Q', 'FY', 'FYF'] as const

const shortDateTokens = ['YY', 'MM', 'DD', 'Q', 'FY2', 'FYF2'] as const

const setsOf = <Token>(all: readonly Token[]) =>
  Array.from({ length: 2 ** all.length }, (_, bits) => all.filter((_token, nth) => (bits >> nth) & 1))

/** Each set of date tokens that a template can show: with fiscal years of four digits, and with those of two. */
export const allTokenSets = [
  ...setsOf(dateTokens),
  ...setsOf(shortDateTokens).filter((tokens) => tokens.includes('FY2') || tokens.includes('FYF2')),
]

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
      fc.constantFrom([1, 1], [12, 31], [3, 31], [4, 1], [6, 30], [7, 1]),
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
