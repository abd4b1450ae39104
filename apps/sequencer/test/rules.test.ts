import fc from 'fast-check'
import { bracesOf } from '../src/core/printf'
import { repeatsOf } from '../src/core/repeats'
import { RulesError, soundRules, type RuleSet } from '../src/core/rules'
import { createSequence, type Slot } from '../src/core/sequence'
import { formatNumber } from '@ordinal/audit'
import { TemplateError } from '../src/core/template'
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
  expect(soundRules('SG', { ...plain, template, reset }).template).toBe(braces)
})

test("the seed's own rows give the seed's own numbers, and its ambiguous one is refused", () => {
  const numberOf = (prefix: string, template: string, reset: RuleSet['reset'], value: number) => {
    const rules = soundRules(prefix, { ...plain, template, reset })
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
] as const)('the printf template %s with the reset %s is refused: %s', (template, reset, message) => {
  const save = () => soundRules('SG', { ...plain, template, reset })
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
        const template = soundRules('SG', { ...plain, template: `${a}%s${b}${verbs}${d}${verb}${a}`, reset })
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
          kept = soundRules('SG', { ...plain, template, reset })
        } catch (error) {
          expect(error).toBeInstanceOf(RulesError)
          return
        }
        expect(soundRules('SG', kept)).toEqual(kept)
        expect(() => createSequence({ ...kept, prefix: 'SG', version: 1 })).not.toThrow()
      },
    ),
    { numRuns: 5_000 },
  )
})

test.each(['Mars/Olympus', '+01:00', '', 'UTC+1', '../etc/passwd', '2026'])(
  '%j is no time zone',
  (timeZone) => {
    expect(() => soundRules('SG', { ...plain, timeZone })).toThrow(RulesError)
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
  expect(soundRules('SG', { ...plain, timeZone })).toEqual({ ...plain, timeZone })
})

test.each([
  ['wider', '{prefix}{seq:6}', 'never', '{prefix}{seq:9}', 'never', null],
  ['another separator', '{prefix}{seq:6}', 'never', '{prefix}-{seq:6}', 'never', null],
  ['the prefix written out', '{prefix}{seq:6}', 'never', 'INV{seq:6}', 'never', null],
  [
    'other periods in the same form',
    '{YYYY}{MM}-{seq:4}',
    'yearly',
    '{YYYY}{MM}-{seq:4}',
    'monthly',
    '^[0-9]{4}[0-9]{2}-[0-9]{4,}$',
  ],
  [
    'digits that a value could have',
    '{prefix}{seq:6}',
    'never',
    '{prefix}{YYYY}{seq:2}',
    'yearly',
    '^INV[0-9]{4}[0-9]{2,}$',
  ],
  ['a dot, which is escaped', '{seq}{YYYY}.', 'never', '{YYYY}{seq}.', 'never', '^[0-9]{4}[0-9]{1,}\\.$'],
] as const)('a change: %s', (_, templateA, resetA, templateB, resetB, pattern) => {
  expect(
    repeatsOf('INV', { template: templateB, reset: resetB }, [{ template: templateA, reset: resetA }]),
  ).toBe(pattern)
})

test('whatever the change, a number is given again only if the pattern had found it', () => {
  let meetings = 0
  const rules = fc.record({ template: templates, reset: anyReset })
  const document = fc.tuple(dates, values)
  fc.assert(
    fc.property(rules, rules, fc.boolean(), document, document, fc.boolean(), (before, other, ...rest) => {
      const [sameTemplate, first, another, sameDocument] = rest
      // Two rules by chance hardly ever meet, so half of the time they differ in less.
      const next = sameTemplate ? { ...other, template: before.template } : other
      const [dateA, a] = first
      const [dateB, b] = sameDocument ? first : another
      const [slotA, slotB] = [slotOf(before, dateA), slotOf(next, dateB)]
      if (!slotA || !slotB) return
      const [numberA, numberB] = [formatNumber(slotA.frame, a), formatNumber(slotB.frame, b)]
      if (numberA !== numberB || (slotA.period === slotB.period && a === b)) return
      meetings += 1
      const pattern = repeatsOf('INV', next, [before])
      expect(pattern && new RegExp(pattern).test(numberA)).toBe(true)
    }),
    { numRuns: 20_000 },
  )
  expect(meetings).toBeGreaterThan(100)
})

test('two templates of which one can say what the other says are always told apart from those that cannot', () => {
  // Made to meet: the second template has the first one's number in it as text.
  let meetings = 0
  fc.assert(
    fc.property(templates, dates, values, fc.integer({ min: 1, max: 6 }), (template, date, value, cut) => {
      const slot = slotOf({ template, reset: 'never' }, date)
      if (!slot) return
      const number = formatNumber(slot.frame, value)
      const at = number.search(/\d/)
      const digits = /^\d+/.exec(number.slice(at))![0].length
      const width = Math.min(cut, digits, 16)
      const escape = (text: string) => text.replaceAll(/[{}]/g, '$&$&')
      const made = `${escape(number.slice(0, at))}{seq:${width}}${escape(number.slice(at + digits))}`
      const pattern = repeatsOf('INV', { template: made, reset: 'never' }, [{ template, reset: 'yearly' }])
      expect(pattern && new RegExp(pattern).test(number)).toBe(true)
      meetings += 1
    }),
    { numRuns: 3_000 },
  )
  expect(meetings).toBeGreaterThan(1_000)
})

function slotOf(rules: Pick<RuleSet, 'template' | 'reset'>, date: string): Slot | undefined {
  try {
    return createSequence({ ...plainRules, ...rules }).slotOfDate(date)
  } catch (error) {
    if (error instanceof TemplateError || error instanceof RangeError) return undefined
    throw error
  }
}

test('a template without printf is left as it is', () => {
  fc.assert(
    fc.property(templates, anyReset, (template, reset) => {
      expect(bracesOf(template, reset)).toBe(template)
    }),
    { numRuns: 1_000 },
  )
})
