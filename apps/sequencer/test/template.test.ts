import fc from 'fast-check'
import { resets, type Reset } from '../src/domain/period'
import { createSequence, type Sequence, type Slot } from '../src/domain/sequence'
import { formatNumber } from '@ordinal/audit'
import { frameOf, parseTemplate, requireUnambiguous, TemplateError } from '../src/domain/template'
import { dates, plainRules, templates, values } from './rule-sets'

const sequence = (
  template: string,
  reset: Reset,
  more: { prefix?: string; fiscalYearStart?: number } = {},
): Sequence => createSequence({ ...plainRules, ...more, template, reset })

const numberOf = (of: Sequence, date: string, value: number) => formatNumber(of.slotOfDate(date).frame, value)

test.each([
  ['{prefix}-{YYYY}-{seq:6}', 'yearly', 'ORD', '2026-11-21', 1, 'ORD-2026-000001'],
  ['{prefix}{YYYY}-{seq:4}', 'yearly', 'INV', '2026-01-01', 42, 'INV2026-0042'],
  ['{prefix}{seq:6}', 'never', 'SG', '2026-11-21', 1, 'SG000001'],
  ['{prefix}{YYYY}{MM}-{seq:8}', 'monthly', 'PO', '2026-03-09', 7, 'PO202603-00000007'],
  ['{seq}', 'never', 'GLOBAL', '2026-11-21', 12, '12'],
  ['{YY}{MM}{DD}/{seq:3}/{prefix}', 'daily', 'X', '2026-03-09', 5, '260309/005/X'],
  ['{YYYY}Q{Q}-{seq}', 'quarterly', 'X', '2026-12-31', 5, '2026Q4-5'],
  ['{{{prefix}}}{seq:2}', 'never', 'X', '2026-12-31', 5, '{X}05'],
] as const)('%s, %s: %s on %s with %i is %s', (template, reset, prefix, date, value, number) => {
  expect(numberOf(sequence(template, reset, { prefix }), date, value)).toBe(number)
})

test('a value that outgrows its width widens the number, and is never cut', () => {
  expect(numberOf(sequence('{prefix}{seq:4}', 'never'), '2026-01-01', 123_456)).toBe('INV123456')
})

test.each([
  ['{prefix}', /\{seq\} is missing/],
  ['{seq}-{seq:4}', /more than one \{seq\}/],
  ['{prefix}{year}{seq}', /\{year\} is no token/],
  ['{prefix{seq}', /single \{ is no token: write \{\{/],
  ['INV}{seq}', /single \} is no token/],
  ['{seq:0}', /a number from 1 to 16/],
  ['{seq:99}', /a number from 1 to 16/],
])('the template %s is refused: %s', (template, message) => {
  expect(() => parseTemplate(template, 'INV')).toThrow(message)
  expect(() => parseTemplate(template, 'INV')).toThrow(TemplateError)
})

test.each([
  ['yearly', '{prefix}{seq}', 'add {YYYY} or {YY}'],
  ['yearly', '{FY}{seq}', 'add {YYYY} or {YY}'],
  ['fiscal_yearly', '{YYYY}{seq}', 'add {FY}'],
  ['quarterly', '{YYYY}{seq}', 'add {Q} or {MM}'],
  ['quarterly', '{seq}', 'add {YYYY} or {YY} and {Q} or {MM}'],
  ['monthly', '{YYYY}{seq}', 'add {MM}'],
  ['daily', '{YYYY}{MM}{seq}', 'add {DD}'],
] as const)('a sequence that begins again %s and shows %s is refused: %s', (reset, template, message) => {
  expect(() => requireUnambiguous(parseTemplate(template, 'INV'), reset)).toThrow(message)
})

test('{YY} refuses a year of another century', () => {
  const short = sequence('{YY}-{seq}', 'yearly')
  expect(() => short.slotOfDate('1999-12-31')).toThrow('2000 to 2099')
  expect(() => short.slotOfDate('2100-01-01')).toThrow('2000 to 2099')
})

test('whatever template is accepted, two periods or two values never give the same number', () => {
  let accepted = 0
  fc.assert(
    fc.property(
      templates,
      fc.constantFrom(...resets),
      fc.integer({ min: 1, max: 12 }),
      dates,
      dates,
      values,
      values,
      (template, reset, fiscalYearStart, dateA, dateB, a, b) => {
        let of: Sequence
        try {
          of = sequence(template, reset, { fiscalYearStart })
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError)
          return
        }
        accepted += 1
        const [slotA, slotB] = [slotOf(of, dateA), slotOf(of, dateB)]
        if (!slotA || !slotB) return
        const same = slotA.period === slotB.period && a === b
        if (!same) expect(formatNumber(slotA.frame, a)).not.toBe(formatNumber(slotB.frame, b))
      },
    ),
    { numRuns: 20_000 },
  )
  expect(accepted).toBeGreaterThan(1000)
})

/** Years that a template cannot show are refused when the number is asked for. */
function slotOf(of: Sequence, date: string): Slot | undefined {
  try {
    return of.slotOfDate(date)
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError)
    return undefined
  }
}

test('whatever the template, padding fills up to its width, never cuts, and the value is read back as it was', () => {
  fc.assert(
    fc.property(templates, dates, values, (template, date, value) => {
      const of = sequence(template, 'never')
      const slot = slotOf(of, date)
      if (!slot) return
      const { head, width, tail } = slot.frame
      const number = formatNumber(slot.frame, value)
      const digits = number.slice(head.length, number.length - tail.length)
      expect(number).toBe(head + digits + tail)
      expect(digits).toHaveLength(Math.max(width, String(value).length))
      expect(Number(digits)).toBe(value)
    }),
    { numRuns: 5_000 },
  )
})

test('any text can be escaped, and then stands for itself', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      const escape = (text: string) => text.replaceAll(/[{}]/g, '$&$&')
      const template = parseTemplate(`${escape(before)}{seq:3}${escape(after)}`, 'INV')
      expect(formatNumber(frameOf(template, { year: 2026, month: 1, day: 1 }, 2026), 7)).toBe(
        `${before}007${after}`,
      )
    }),
    { numRuns: 2_000 },
  )
})
