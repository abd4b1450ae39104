import fc from 'fast-check'
import { bracesOf } from '../src/domain/printf'
import { RulesError, validateRules, type RuleSet } from '../src/domain/rules'
import { createSequence } from '../src/domain/sequence'
import { formatNumber } from '@ordinal/audit'
import { anyReset, dates, plainRules, templates, values } from './rule-sets'

const { prefix: _prefix, version: _version, ...plain } = plainRules

test.each([
  ['%s%06d', 'never', '{prefix}{seq:6}'],
  ['INV%d-%04d', 'yearly', 'INV{YYYY}-{seq:4}'],
  ['%s%04d%02d-%08d', 'monthly', '{prefix}{YYYY}{MM}-{seq:8}'],
  ['%02d%02d%02d/%d', 'daily', '{YY}{MM}{DD}/{seq}'],
  ['%d-Q%d-%03d', 'quarterly', '{YYYY}-Q{Q}-{seq:3}'],
  ['FY%d-%d', 'fiscal_yearly', 'FY{FY}-{seq}'],
  ['100%% {%s} %d', 'never', '100% {{{prefix}}} {seq}'],
  ['{prefix}%{seq:3}', 'never', '{prefix}%{seq:3}'],
  ['{prefix}{seq}', 'never', '{prefix}{seq}'],
] as const)('%s with the reset %s is kept as %s', (template, reset, braces) => {
  expect(validateRules('SG', { ...plain, template, reset }).template).toBe(braces)
})

test("the seed's own rows give the seed's own numbers, and its ambiguous one is refused", () => {
  const numberOf = (prefix: string, template: string, reset: RuleSet['reset'], value: number) => {
    const rules = validateRules(prefix, { ...plain, template, reset })
    return formatNumber(
      createSequence({ ...rules, prefix, version: 1 }).slotOfDate('2026-11-21').frame,
      value,
    )
  }
  expect(numberOf('SG', '%s%06d', 'never', 1)).toBe('SG000001')
  expect(numberOf('INV', 'INV%d-%04d', 'yearly', 42)).toBe('INV2026-0042')
  expect(() => numberOf('PO', '%s%08d', 'monthly', 1)).toThrow(
    'values begin again monthly, so numbers would repeat: add {YYYY} or {YY} and {MM}',
  )
})

test.each([
  ['%s', 'never', '%d is missing'],
  ['%s%6d', 'never', '%6d would pad with spaces: write %06d'],
  ['%s%x%d', 'never', '%x has no meaning here; there are %s, %d, %06d and %%'],
  ['%1$s%d', 'never', '%1$s has no meaning here'],
  ['%+d', 'never', '%d is missing'],
  ['100% %d', 'never', '% '],
  ['%d-%d', 'never', 'there are 2 numbers (%d), and with the reset never only: value; use braces for more'],
  ['%d-%d-%d', 'yearly', 'there are 3 numbers (%d), and with the reset yearly only: year, value'],
  ['%d%d%05d', 'monthly', '%d stands for the month here: write %02d'],
  ['%03d%05d', 'yearly', '%03d stands for the year here: write %d or %04d or %02d'],
  ['%s%099d', 'never', '{seq:99}: the width is a number from 1 to 16'],
  ['e\u0301{seq}', 'never', 'write it as one character (Unicode NFC)'],
  ['x\u00a0{seq}', 'never', 'it has a space that is not the usual one'],
  ['x\u3000{seq}', 'never', 'it has a space that is not the usual one'],
] as const)('the template %s with the reset %s is refused: %s', (template, reset, message) => {
  const save = () => validateRules('SG', { ...plain, template, reset })
  expect(save).toThrow(RulesError)
  expect(save).toThrow(message)
})

test('whatever printf makes of a prefix, a date and a value, the converted template makes too', () => {
  const literal = fc.constantFrom('', '-', '/', 'INV', '{', '}', '7', '%%')
  fc.assert(
    fc.property(
      fc.tuple(literal, literal, literal, literal),
      fc.constantFrom('never', 'yearly', 'monthly', 'daily'),
      fc.constantFrom('%d', '%03d', '%06d'),
      dates,
      values,
      ([a, b, c, d], reset, verb, date, value) => {
        const [year, month, day] = date.split('-')
        const parts = { never: [], yearly: [year], monthly: [year, month], daily: [year, month, day] }[reset]
        fc.pre(year !== '0000')
        const verbs = parts.map((_, index) => (index === 0 ? '%04d' : '%02d')).join(c)
        const template = validateRules('SG', {
          ...plain,
          template: `${a}%s${b}${verbs}${d}${verb}${a}`,
          reset,
        })
        const { frame } = createSequence({ ...template, prefix: 'SG', version: 1 }).slotOfDate(date)
        const width = Number(/\d+/.exec(verb)?.[0] ?? 1)
        const [A, B, C, D] = [a, b, c, d].map((text) => text.replaceAll('%%', '%'))
        expect(formatNumber(frame, value)).toBe(
          `${A}SG${B}${parts.join(C)}${D}${String(value).padStart(width, '0')}${A}`,
        )
      },
    ),
    { numRuns: 2_000 },
  )
})

test('whatever text is given, the conversion gives a template or says what is wrong, and is done once', () => {
  const text = fc.array(fc.constantFrom('%', 's', 'd', '0', '6', '{', '}', 'seq', 'YYYY', '-', ' ', '%06d'), {
    maxLength: 12,
  })
  fc.assert(
    fc.property(
      text.map((pieces) => pieces.join('')),
      anyReset,
      (template, reset) => {
        let kept: RuleSet
        try {
          kept = validateRules('SG', { ...plain, template, reset })
        } catch (error) {
          expect(error).toBeInstanceOf(RulesError)
          return
        }
        expect(validateRules('SG', kept)).toEqual(kept)
        expect(() => createSequence({ ...kept, prefix: 'SG', version: 1 })).not.toThrow()
      },
    ),
    { numRuns: 5_000 },
  )
})

test.each(['Mars/Olympus', '+01:00', '', 'UTC+1', '../etc/passwd', '2026'])(
  '%j is no time zone',
  (timeZone) => {
    expect(() => validateRules('SG', { ...plain, timeZone })).toThrow(RulesError)
  },
)

test.each([
  'UTC',
  'Pacific/Auckland',
  'Asia/Kolkata',
  'Asia/Calcutta',
  'America/Los_Angeles',
  'Europe/Berlin',
])('%s is one', (timeZone) => {
  expect(validateRules('SG', { ...plain, timeZone })).toEqual({ ...plain, timeZone })
})

test('a template without printf is left as it is', () => {
  fc.assert(
    fc.property(templates, anyReset, (template, reset) => {
      expect(bracesOf(template, reset)).toBe(template)
    }),
    { numRuns: 1_000 },
  )
})
