import fc from 'fast-check'
import { formatNumber } from '@ordinal/audit'
import { overlapOf, type Texts } from '../src/domain/overlap'
import { createSequence, type Sequence } from '../src/domain/sequence'
import { plainRules } from './rule-sets'

const today = '20261128'
const texts = (prefix: string, template: string, start = 1, fiscalYearStart = 1): Texts => ({
  prefix,
  template,
  start,
  fiscalYearStart,
})
const readBy = ({ prefix, ...rules }: Texts, number: string) =>
  createSequence({ ...plainRules, ...rules, prefix }).read(number)

test.each([
  [texts('A', 'RE-{seq:4}'), texts('B', 'RE-{seq:4}'), 'RE-0001'],
  [texts('1', '{prefix}{seq:9}'), texts('10', '{prefix}{seq:8}'), '1000000001'],
  [texts('A', 'RE-{seq:4}'), texts('B', 'RE-{seq:5}'), 'RE-10000'],
  [texts('A', '{seq}'), texts('B', '{seq}', 1000), '1000'],
  [texts('A', '{YYYY}-{seq}'), texts('B', '{MM}{DD}-{seq}'), undefined],
  [texts('A', 'R{YYYY}{seq:4}'), texts('B', 'R{seq:8}'), 'R20260001'],
  [texts('A', '{YYYY}{MM}-{seq:3}'), texts('B', '20{seq:4}-001'), '202611-001'],
  [texts('A', '{{{seq}}}'), texts('B', '{{{seq:3}}}'), '{100}'],
  [texts('A', '{FY}/{seq}', 1, 7), texts('B', '{YYYY}/{seq}'), '2026/1'],
  [texts('A', '{FYF2}-{FY2}/{seq}', 1, 7), texts('B', '26-{YY}/{seq}'), '26-27/1'],
  [texts('A', 'x{seq}x'), texts('x', '{prefix}{seq}x'), 'x1x'],
  [texts('A', '{GGGG}W{WW}/{seq}'), texts('B', '{YYYY}W{WW}/{seq}'), '2026W48/1'],
  [texts('A', '{GG}{WW}/{seq}'), texts('B', '2053/{seq}'), '2053/1'],
  [texts('A', '{FY}{MM}{DD}/{seq}', 1, 406), texts('B', '20270406/{seq}'), '20270406/1'],
])('%j and %j could both give %s', (a, b, expected) => {
  for (const found of [overlapOf(a, b, today), overlapOf(b, a, today)]) {
    expect(found?.example).toBeDefined()
    if (expected) expect(found!.example).toBe(expected)
    for (const each of [a, b]) expect(readBy(each, found!.example!)!.value).toBeGreaterThanOrEqual(each.start)
  }
})

test.each([
  [texts('A', 'RE-{seq:4}'), texts('B', 'RF-{seq:4}')],
  [texts('A', '{prefix}{seq}'), texts('B', '{prefix}{seq}')],
  [texts('A', '{MM}-{seq}'), texts('B', '13-{seq}')],
  [texts('A', '{YYYY}{MM}{DD}-{seq}'), texts('B', '20260230-{seq}')],
  [texts('A', '{YYYY}{MM}{DD}-{seq}'), texts('B', '20250229-{seq}')],
  [texts('A', '{Q}/{seq}'), texts('B', '5/{seq}')],
  [texts('A', '{Q}{MM}/{seq}'), texts('B', '103/{seq}'.replace('103', '104'))],
  [texts('A', '{YYYY}{FY}-{seq}', 1, 7), texts('B', '20262028-{seq}')],
  [texts('A', '{YY}{YYYY}-{seq}'), texts('B', '001999-{seq}')],
  [texts('A', '{FYF2}-{FY2}/{seq}', 1, 7), texts('B', '24-26/{seq}')],
  [texts('A', '{FYF}{MM}/{seq}', 1, 7), texts('B', '{FY}{MM}/{seq}'.replace('{FY}{MM}', '{FYF}00'))],
  [texts('A', 'X0{seq:3}'), texts('B', 'X{seq:4}', 10_000)],
  [texts('A', 'X{seq:16}'), texts('B', 'X{seq:17}'.replace('17', '16') + '0')],
  [texts('A', 'a{seq}'), texts('B', 'A{seq}')],
  [texts('A', '{WW}/{seq}'), texts('B', '54/{seq}')],
  [texts('A', '{GGGG}{WW}/{seq}'), texts('B', '202153/{seq}')],
  [texts('A', '{MM}{WW}/{seq}'), texts('B', '0220/{seq}')],
  [texts('A', '{YYYY}{GGGG}{WW}/{seq}'), texts('B', '2024202502/{seq}')],
  [texts('A', '{YYYY}{FY}{MM}{DD}/{seq}', 1, 406), texts('B', '202620270405/{seq}')],
])('%j and %j give no number in common', (a, b) => {
  expect(overlapOf(a, b, today)).toBeNull()
  expect(overlapOf(b, a, today)).toBeNull()
})

const pieces = fc.constantFrom(
  '',
  '1',
  '0',
  '2',
  '20',
  '02',
  '{MM}',
  '{DD}',
  '{Q}',
  '{YY}',
  '{FY2}',
  '{FYF2}',
  '{GG}',
  '{WW}',
  '{{',
  '-',
)
const anyTexts = fc
  .record({
    head: fc.array(pieces, { maxLength: 3 }),
    seq: fc.constantFrom('{seq}', '{seq:2}', '{seq:3}'),
    tail: fc.array(pieces, { maxLength: 2 }),
    start: fc.constantFrom(1, 2, 9, 10, 95),
    fiscalYearStart: fc.constantFrom(1, 406),
  })
  .map(({ head, seq, tail, start, fiscalYearStart }) =>
    texts('P', head.join('') + seq + tail.join(''), start, fiscalYearStart),
  )

/** All numbers of the days of some years, with values of up to three digits. */
function numbersOf({ template, start, prefix, fiscalYearStart }: Texts): Set<string> {
  const sequence = createSequence({ ...plainRules, prefix, template, fiscalYearStart })
  const dated = /\{(Y|M|D|Q|F|G|W)/.test(template)
  const years = /\{(YY|F|G|W)/.test(template) ? [2000, 2001, 2002, 2010, 2012, 2020, 2021, 2022, 2099] : []
  const frames = new Map<string, ReturnType<typeof sequence.slotOfDate>['frame']>()
  for (const year of [2024, ...years])
    for (let day = 0; day < (dated ? 366 : 1); day += 1) {
      const date = new Date(Date.UTC(year, 0, 1 + day)).toISOString().slice(0, 10)
      const frame = frameOn(sequence, date)
      if (frame) frames.set(frame.head + '|' + frame.tail, frame)
    }
  const numbers = new Set<string>()
  for (const frame of frames.values())
    for (let value = start; value < 1000; value += 1) numbers.add(formatNumber(frame, value))
  return numbers
}

function frameOn(sequence: Sequence, date: string) {
  try {
    return sequence.slotOfDate(date).frame
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

test('what two sequences have in common is found, and what is found they have in common', () => {
  const outcomes: string[] = []
  fc.assert(
    fc.property(anyTexts, anyTexts, (a, b) => {
      const found = overlapOf(a, b, today)
      if (found) {
        // What is not decided in its steps counts as common, without an example.
        for (const each of found.example === undefined ? [] : [a, b])
          expect(readBy(each, found.example!)?.value).toBeGreaterThanOrEqual(each.start)
        outcomes.push(found.example === undefined ? 'undecided' : 'common')
        return
      }
      outcomes.push('apart')
      const [ours, theirs] = [numbersOf(a), numbersOf(b)]
      const common = [...ours].find((number) => theirs.has(number))
      expect(common).toBeUndefined()
    }),
    { numRuns: Number(process.env.OVERLAP_RUNS ?? 60) },
  )
  const undecided = outcomes.filter((outcome) => outcome === 'undecided')
  expect(outcomes).toEqual(expect.arrayContaining(['common', 'apart']))
  expect(undecided.length).toBeLessThan(outcomes.length / 4)
})

test('the longest templates are decided soon, too', () => {
  const hard: [string, string][] = [
    ['{YYYY}'.repeat(15) + '{seq}', '1' + '{YYYY}'.repeat(14) + '{seq}'],
    ['{MM}{DD}'.repeat(10) + '{seq}', '{DD}{MM}'.repeat(10) + '{seq}'],
    ['{seq}' + '{DD}'.repeat(20), '{DD}'.repeat(20) + '{seq}'],
    ['{YY}{FY}'.repeat(8) + '{seq}', '{FY}{YY}'.repeat(8) + '{seq}'],
    ['{GG}{WW}'.repeat(8) + '{seq}', '{WW}{GG}'.repeat(8) + '{seq}'],
    ['{GGGG}{WW}{DD}'.repeat(5) + '{seq}', '1' + '{GGGG}{DD}{WW}'.repeat(5) + '{seq}'],
  ]
  for (const [one, other] of hard) {
    const startedAt = performance.now()
    const found = overlapOf(texts('A', one, 1, 4), texts('B', other, 1, 7), today)
    if (found?.example) expect(readBy(texts('A', one, 1, 4), found.example)).toBeDefined()
    expect(performance.now() - startedAt).toBeLessThan(20_000)
  }
})
