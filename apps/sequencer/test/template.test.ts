import fc from 'fast-check'
import { periodOf, resets, type Reset } from '../src/domain/period'
import { createSequence, type Sequence, type Slot } from '../src/domain/sequence'
import { formatNumber } from '@ordinal/audit'
import { requireUnambiguous } from '../src/domain/determined'
import { frameOf, parseTemplate, TemplateError } from '../src/domain/template'
import { anyFiscalYearStart, dates, plainRules, templateOf, templates, tokenSets, values } from './rule-sets'

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
  ['{FYF2}-{FY2}/{seq:3}', 'fiscal_yearly', 'X', '2024-06-01', 5, '24-24/005'],
  ['{GGGG}-W{WW}-{seq}', 'weekly', 'X', '2020-12-31', 5, '2020-W53-5'],
  ['{GGGG}-W{WW}-{seq}', 'weekly', 'X', '2021-01-03', 5, '2020-W53-5'],
  ['{GG}{WW}{seq:3}', 'weekly', 'X', '2024-12-30', 5, '2501005'],
  ['{YYYY}{MM}/{WW}-{seq}', 'weekly', 'X', '2024-12-30', 5, '202412/01-5'],
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
  ['yearly', '{prefix}{seq}', 7, 'add {YYYY} or {YY}'],
  ['yearly', '{FY}{seq}', 6, 'add {YYYY} or {YY} or {MM}'],
  ['yearly', '{FY}{seq}', 4, 'add {YYYY} or {YY} or {Q} or {MM}'],
  ['yearly', '{prefix}{seq}', 1, 'add {YYYY} or {YY} or {FY}'],
  ['fiscal_yearly', '{YYYY}{seq}', 7, 'add {FY} or {Q} or {MM}'],
  ['fiscal_yearly', '{YYYY}{Q}{seq}', 6, 'add {FY} or {MM}'],
  ['fiscal_yearly', '{seq}', 7, 'add {FY}'],
  ['quarterly', '{YYYY}{seq}', 7, 'add {Q} or {MM}'],
  ['quarterly', '{FY}{seq}', 6, 'add {MM}'],
  ['quarterly', '{seq}', 7, 'add {YYYY} or {YY} and {Q} or {MM}'],
  ['monthly', '{YYYY}{seq}', 7, 'add {MM}'],
  ['daily', '{YYYY}{MM}{seq}', 7, 'add {DD}'],
  ['daily', '{FY}{seq}', 7, 'add {MM} and {DD}'],
  ['weekly', '{seq}', 7, 'add {GGGG} or {GG} and {WW}'],
  ['weekly', '{GG}{seq}', 7, 'add {WW}'],
  ['weekly', '{YYYY}{MM}{seq}', 7, 'add {WW} or {DD}'],
  ['weekly', '{YYYY}{WW}{seq}', 1, 'add {GGGG} or {GG} or {Q} or {MM} or {DD}'],
  ['yearly', '{GGGG}{WW}{seq}', 1, 'add {YYYY} or {YY} or {FY} or {Q} or {MM} or {DD}'],
  ['fiscal_yearly', '{YYYY}{MM}{seq}', 406, 'add {FY} or {DD}'],
  ['monthly', '{FY}{MM}{seq}', 406, 'add {YYYY} or {YY} or {DD} or {GGGG} or {GG}'],
] as const)(
  'a sequence that begins again %s and shows %s, in fiscal years from %i, is refused: %s',
  (reset, template, fiscalYearStart, message) => {
    const save = () => requireUnambiguous(parseTemplate(template, 'INV'), reset, fiscalYearStart)
    expect(save).toThrow(new RegExp(`${message.replaceAll(/[{}]/g, '\\$&')}$`))
  },
)

const dayMs = 86_400_000
/** Thirty years: in three that follow each other, all that calendars do comes to pass, on each day of the week. */
const everyDay = Array.from({ length: 30 * 366 }, (_, day) => {
  const date = new Date(Date.UTC(2000, 0, 1) + day * dayMs)
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
})
const startsToTry = [...Array.from({ length: 12 }, (_, index) => index + 1)].concat([
  406, 102, 108, 109, 228, 302, 1215, 1224, 1225, 1229, 1230, 1231,
])

/** Texts as numbers, as many as there are different ones: they are compared often. */
function numbered(texts: readonly string[]): number[] {
  const numbers = new Map<string, number>()
  return texts.map((text) => {
    if (!numbers.has(text)) numbers.set(text, numbers.size)
    return numbers.get(text)!
  })
}

const periodsBy = (reset: Reset, start: number) =>
  numbered(everyDay.map((date) => periodOf(reset, date, start)))
const shownBy = (token: string, start: number) => {
  const template = parseTemplate(`{${token}}{seq}`, 'INV')
  return numbered(everyDay.map((date) => frameOf(template, date, start).head))
}

test.each(startsToTry.map((start, nth) => ({ start, nth })))(
  'with fiscal years from $start, each set of tokens is accepted for each reset exactly if it gives one period on all dates',
  ({ start, nth }) => {
    const sets = tokenSets(nth)
    const shown = new Map(sets.at(-1)!.map((token) => [token, shownBy(token, start)]))
    const periods = resets.map((reset) => periodsBy(reset, start))
    const wrong: object[] = []
    for (const tokens of sets) {
      const columns = tokens.map((token) => shown.get(token)!)
      const determined = givesOne(columns, periods)
      for (const [index, reset] of resets.entries()) {
        const accepted = messageFor(tokens, reset, start) === undefined
        if (accepted !== determined[index]) wrong.push({ tokens, reset, accepted })
      }
    }
    expect(wrong).toEqual([])
  },
)

/** Of each kind of period, whether days that show the same are in the same one. */
function givesOne(columns: readonly number[][], periods: readonly number[][]): boolean[] {
  const first = new Map<number, number>()
  const determined = periods.map(() => true)
  for (let nth = 0; nth < everyDay.length; nth += 1) {
    let shown = 0
    for (const column of columns) shown = shown * 60 + column[nth]!
    const before = first.get(shown)
    if (before === undefined) first.set(shown, nth)
    else
      for (const [index, column] of periods.entries())
        if (column[nth] !== column[before]) determined[index] = false
  }
  return determined
}

test('whichever of the tokens that it says are missing are added, they are enough', () => {
  for (const [nth, start] of startsToTry.entries())
    for (const tokens of tokenSets(nth))
      for (const reset of resets) {
        const message = messageFor(tokens, reset, start)
        if (message === undefined) continue
        const choices = message
          .split(' add ')[1]!
          .split(' and ')
          .map((choice) => choice.split(' or ').map((token) => token.slice(1, -1)))
        const ways = choices.reduce<string[][]>(
          (found, choice) => found.flatMap((way) => choice.map((token) => [...way, token])),
          [[]],
        )
        for (const way of ways)
          if (messageFor([...tokens, ...way], reset, start) !== undefined)
            throw new Error(`${tokens.join()} ${reset} ${start}: ${way.join()} are not enough`)
      }
})

function messageFor(tokens: readonly string[], reset: Reset, fiscalYearStart: number): string | undefined {
  try {
    requireUnambiguous(parseTemplate(templateOf(tokens), 'INV'), reset, fiscalYearStart)
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(TemplateError)
    return (error as Error).message
  }
}

test('{YY} refuses a year of another century', () => {
  const short = sequence('{YY}-{seq}', 'yearly')
  expect(() => short.slotOfDate('1999-12-31')).toThrow('2000 to 2099')
  expect(() => short.slotOfDate('2100-01-01')).toThrow('2000 to 2099')
})

test('{GG} refuses a week of another century, and takes the days of others that are in one of this', () => {
  const short = sequence('{GG}{WW}-{seq}', 'weekly')
  expect(() => short.slotOfDate('2000-01-02')).toThrow('{GG} shows the years 2000 to 2099, and 1999 is none')
  expect(() => short.slotOfDate('2100-01-04')).toThrow('{GG} shows the years 2000 to 2099, and 2100 is none')
  expect(short.slotOfDate('2000-01-03').period).toBe('2000-W01')
  expect(short.slotOfDate('2100-01-03').period).toBe('2099-W53')
})

test('whatever template is accepted, two periods or two values never give the same number', () => {
  let accepted = 0
  fc.assert(
    fc.property(
      templates,
      fc.constantFrom(...resets),
      anyFiscalYearStart,
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
      expect(formatNumber(frameOf(template, { year: 2026, month: 1, day: 1 }, 1), 7)).toBe(
        `${before}007${after}`,
      )
    }),
    { numRuns: 2_000 },
  )
})
