import fc from 'fast-check'
import { createSequence, type Sequence } from '../src/domain/sequence'
import { formatNumber } from '@ordinal/audit'
import { TemplateError } from '../src/domain/template'
import type { Reset } from '../src/domain/period'
import { anyFiscalYearStart, anyReset, dates, plainRules, templates, values } from './rule-sets'

const sequence = (template: string, reset: Reset = 'never', fiscalYearStart = 1): Sequence =>
  createSequence({ ...plainRules, template, reset, fiscalYearStart })

test.each([
  ['{prefix}{YYYY}-{seq:4}', 'yearly', 'INV2026-0042', 42, '2026'],
  ['{prefix}{YYYY}-{seq:4}', 'yearly', 'INV2026-10042', 10_042, '2026'],
  ['{prefix}{YYYY}{MM}-{seq:8}', 'monthly', 'INV202611-00000007', 7, '2026-11'],
  ['{seq}', 'never', '12', 12, ''],
  ['{seq:3}/{YY}', 'yearly', '007/26', 7, '2026'],
  ['{YYYY}Q{Q}-{seq}', 'quarterly', '2026Q4-5', 5, '2026-Q4'],
  ['{YYYY}{MM}-{seq}', 'quarterly', '202605-5', 5, '2026-Q2'],
  ['{FY}/{seq}', 'fiscal_yearly', '2026/5', 5, 'FY2026'],
  ['{YY}{MM}{DD}{seq:3}', 'daily', '240229005', 5, '2024-02-29'],
  ['{YYYY}-{MM}-{seq:5}', 'fiscal_yearly', '2026-03-00005', 5, 'FY2026'],
  ['{YYYY}-{MM}-{seq:5}', 'fiscal_yearly', '2026-04-00005', 5, 'FY2027'],
  ['{YY}Q{Q}-{seq}', 'fiscal_yearly', '99Q2-5', 5, 'FY2100'],
  ['{FY}{MM}-{seq}', 'monthly', '202604-5', 5, '2025-04'],
  ['{FY}{MM}-{seq}', 'yearly', '202603-5', 5, '2026'],
  ['{FY}Q{Q}-{seq}', 'quarterly', '2026Q2-5', 5, '2025-Q2'],
  ['{FYF2}-{FY2}/{seq:4}', 'fiscal_yearly', '24-25/0042', 42, 'FY2025'],
  ['{FYF}/{FY2}-{seq}', 'fiscal_yearly', '2024/25-7', 7, 'FY2025'],
  ['{FYF2}{MM}-{seq}', 'monthly', '2403-7', 7, '2025-03'],
  ['{DD}.{MM}.{FY}/{seq}', 'daily', '29.02.2024/5', 5, '2024-02-29'],
  ['{DD}-{seq}', 'never', '31-9', 9, ''],
  ['{GGGG}-W{WW}-{seq}', 'weekly', '2020-W53-9', 9, '2020-W53'],
  ['{GG}{WW}-{seq}', 'weekly', '2501-9', 9, '2025-W01'],
  ['{YYYY}{MM}{WW}-{seq}', 'weekly', '20241201-9', 9, '2025-W01'],
  ['{YYYY}{MM}{WW}-{seq}', 'weekly', '20210153-9', 9, '2020-W53'],
  ['{WW}-{seq}', 'never', '53-9', 9, ''],
  ['{MM}{DD}{WW}-{seq}', 'never', '010153-9', 9, ''],
  ['{GGGG}-{seq}', 'never', '0001-9', 9, ''],
  ['{{7{seq:2}}}', 'never', '{701}', 1, ''],
] as const)('%s, %s: %s is value %i of %s', (template, reset, number, value, period) => {
  expect(sequence(template, reset, 4).read(number)).toMatchObject({ value, slot: { period, window: null } })
})

test.each([
  ['{FY}-{seq}', 'fiscal_yearly', '2026-04-05', '2026-9', 'FY2026'],
  ['{FY}-{seq}', 'fiscal_yearly', '2026-04-06', '2027-9', 'FY2027'],
  ['{YYYY}{MM}{DD}-{seq}', 'fiscal_yearly', '2026-04-05', '20260405-9', 'FY2026'],
  ['{YYYY}{MM}{DD}-{seq}', 'fiscal_yearly', '2026-04-06', '20260406-9', 'FY2027'],
  ['{FYF}/{FY2}-{MM}-{seq}', 'fiscal_yearly', '2026-04-05', '2025/26-04-9', 'FY2026'],
  ['{FYF}/{FY2}-{MM}-{seq}', 'fiscal_yearly', '2026-04-06', '2026/27-04-9', 'FY2027'],
] as const)(
  'with fiscal years from 6 April, %s, %s is on %s %s, of the period %s',
  (template, reset, date, number, period) => {
    const of = sequence(template, reset, 406)
    expect(formatNumber(of.slotOfDate(date).frame, 9)).toBe(number)
    expect(of.slotOfDate(date).period).toBe(period)
    expect(of.read(number)).toMatchObject({ value: 9, slot: { period } })
  },
)

test.each([
  ['{prefix}{seq:4}', 'INV042', 'too narrow'],
  ['{prefix}{seq:4}', 'INV00042', 'too wide: the padding is a minimum, and this is more'],
  ['{prefix}{seq:4}', 'INV0000', 'no value'],
  ['{prefix}{seq:4}', 'RE0042', 'another prefix'],
  ['{prefix}{seq:4}', 'inv0042', 'another case'],
  ['{prefix}{seq:4}', 'INV0042 ', 'something after it'],
  ['{prefix}{seq:4}', 'INV-042', 'a sign'],
  ['{prefix}{seq:4}', 'INV1e10', 'no digits'],
  ['{prefix}{seq}', 'INV9007199254740993', 'beyond every value'],
  ['{prefix}{seq}{prefix}', 'INV', 'head and tail in one'],
  ['{prefix}{seq}', '', 'nothing'],
  ['{YYYY}{MM}-{seq}', '202613-1', 'no such month'],
  ['{YYYY}{MM}{DD}-{seq}', '20260229-1', 'no such day'],
  ['{YYYY}{MM}{Q}-{seq}', '2026114-1x', 'a tail that is not there'],
  ['{YYYY}{MM}{Q}-{seq}', '2026113-1', 'another quarter than its month'],
  ['{YYYY}/{YY}-{seq}', '2026/25-1', 'two years'],
  ['{YYYY}{seq}{YYYY}', '202612025', 'another year at its end'],
  ['{FY}{YYYY}{MM}-{seq}', '2026202604-1', 'another fiscal year than its month'],
  ['{YYYY}-{seq}', '0000-1', 'no such year'],
  ['{FYF}/{FY2}-{seq}', '2024/26-1', 'no such span'],
  ['{YYYY}-{seq}', ' 202-1', 'no year'],
  ['{GGGG}{WW}-{seq}', '202153-1', 'a year without a week 53'],
  ['{GGGG}{WW}-{seq}', '202600-1', 'no such week'],
  ['{WW}-{seq}', '54-1', 'no such week'],
  ['{MM}{WW}-{seq}', '0253-1', 'a week that has no day of the month'],
  ['{GGGG}{YYYY}{WW}-{seq}', '2025202402-1', 'a week in another year'],
] as const)('%s never writes %j: %s', (template, number, _why) => {
  expect(sequence(template, 'never', 4).read(number)).toBeUndefined()
})

test('what any accepted rules write is read back: the value, the period and the form', () => {
  let read = 0
  fc.assert(
    fc.property(
      templates,
      anyReset,
      anyFiscalYearStart,
      dates,
      values,
      (template, reset, fiscalYearStart, date, value) => {
        const of = accepted(template, reset, fiscalYearStart)
        const slot = of && slotOf(of, date)
        if (!of || !slot) return
        read += 1
        const found = of.read(formatNumber(slot.frame, value))!
        // Of the dates that give this number, it is not always the one that did.
        expect(found).toEqual({ value, slot: { ...slot, date: found.slot.date, window: null } })
        expect(of.slotOfDate(found.slot.date)).toMatchObject({ period: slot.period, frame: slot.frame })
      },
    ),
    { numRuns: 20_000 },
  )
  expect(read).toBeGreaterThan(2_000)
})

test('what is read is written in the very same way: no other text passes for a number', () => {
  let read = 0
  const spoil = fc.record({
    at: fc.nat(),
    remove: fc.integer({ min: 0, max: 2 }),
    insert: fc.string({ unit: fc.constantFrom('0', '1', '9', '-', 'A', 'I', ' '), maxLength: 2 }),
  })
  fc.assert(
    fc.property(templates, anyReset, dates, values, spoil, (template, reset, date, value, spoilt) => {
      const of = accepted(template, reset, 406)
      const slot = of && slotOf(of, date)
      if (!of || !slot) return
      const right = formatNumber(slot.frame, value)
      const at = spoilt.at % (right.length + 1)
      const number = right.slice(0, at) + spoilt.insert + right.slice(at + spoilt.remove)
      const found = of.read(number)
      if (!found) return
      read += 1
      expect(formatNumber(found.slot.frame, found.value)).toBe(number)
    }),
    { numRuns: 20_000 },
  )
  expect(read).toBeGreaterThan(500)
})

function accepted(template: string, reset: Reset, fiscalYearStart: number): Sequence | undefined {
  try {
    return sequence(template, reset, fiscalYearStart)
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    return undefined
  }
}

function slotOf(of: Sequence, date: string) {
  try {
    return of.slotOfDate(date)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return undefined
  }
}
