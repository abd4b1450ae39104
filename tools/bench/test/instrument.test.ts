import fc from 'fast-check'
import { reportOf, withResults } from '../src/instrument/document'
import { measureSuite } from '../src/instrument/measure'
import { missingFor } from '../src/instrument/requirements'
import { replaceResults, type Result } from '../src/instrument/results'
import { growthOf, spreadOf } from '../src/instrument/statistics'
import { duration, ratio, type MeasuredComparison, type Round } from '../src/instrument/suite'
import { changesOf, verdictOf } from '../src/instrument/verdict'

const machine = {
  cpu: 'a CPU',
  cores: 2,
  memoryGb: 4,
  system: 'Linux 6',
  load: 0.5,
  node: 'v20',
  postgres: '18',
  fsync: 'on',
}
const suite = { name: 'fast', title: 'How fast', counts: 'things' }

/** Competitors that give what they are told, and a list of whose turn it was. */
function stage(given: Record<string, Round[]>) {
  const turns: string[] = []
  const competitors = Object.entries(given).map(([name, rounds]) => ({
    name,
    title: `the ${name}`,
    turn(seconds: number) {
      turns.push(`${name} ${seconds}`)
      const done = turns.filter((turn) => turn.startsWith(`${name} `)).length
      // The first warms up.
      return Promise.resolve(done === 1 ? { perSecond: 1e9 } : rounds[done - 2]!)
    },
  }))
  return { turns, competitors }
}

test('competitors take turns, a first round does not count, and a ratio is of one round', async () => {
  const { turns, competitors } = stage({
    ours: [{ perSecond: 200, p50Ms: 3 }, { perSecond: 20, p50Ms: 30 }, { perSecond: 90 }],
    theirs: [{ perSecond: 100 }, { perSecond: 10 }, { perSecond: 60 }],
  })
  const lines: string[] = []
  const comparisons = [
    ratio('against theirs', 'ours', 'theirs', { must: 2 }),
    ratio('against nobody', 'ours', 'nobody'),
    duration('p50', 'ours', 'p50Ms', { must: 20, aim: 5 }),
  ]
  const result = await measureSuite(suite, { competitors, comparisons }, { seconds: 4, rounds: 3 }, (line) =>
    lines.push(line),
  )
  expect(turns).toEqual([
    ...['ours 1', 'theirs 1'],
    ...['ours 4', 'theirs 4', 'ours 4', 'theirs 4', 'ours 4', 'theirs 4'],
  ])
  expect(result.comparisons.map(({ values }) => values)).toEqual([[2, 2, 1.5], [], [3, 30]])
  expect(result.competitors[0]!.rounds.map(({ perSecond }) => perSecond)).toEqual([200, 20, 90])
  expect(lines).toHaveLength(8)
  expect(lines[0]).toBe('fast: turn 1 of 8, warming up: the ours')
  expect(lines[7]).toMatch(/^fast: turn 8 of 8, round 3 of 3, about \d+ s left: the theirs$/)
})

test('a median is between the least and the most, and half of the values are on either side', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 }), (values) => {
      const { median, least, most } = spreadOf(values)!
      expect([least, most]).toEqual([Math.min(...values), Math.max(...values)])
      expect(median).toBeGreaterThanOrEqual(least)
      expect(median).toBeLessThanOrEqual(most)
      const half = values.length / 2
      expect(values.filter((value) => value < median).length).toBeLessThanOrEqual(half)
      expect(values.filter((value) => value > median).length).toBeLessThanOrEqual(half)
    }),
  )
  expect(spreadOf([])).toBeUndefined()
})

test('growth is that of a line with whatever noise is even around it, and none of what stays', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 200 }),
      fc.integer({ min: -1000, max: 1000 }),
      fc.integer({ min: -50, max: 50 }),
      fc.integer({ min: 0, max: 30 }),
      (half, start, slope, noise) => {
        const line = Array.from({ length: half * 2 + 1 }, (_, index) => start + slope * index)
        expect(growthOf(line)).toBeCloseTo(slope * half * 2, 6)
        // The same on both sides of the middle: it turns no line.
        const noisy = line.map((value, index) => value + (Math.abs(index - half) % 2) * noise)
        expect(growthOf(noisy)).toBeCloseTo(slope * half * 2, 6)
      },
    ),
  )
  expect([growthOf([7]), growthOf([100, 140, 100, 140, 100])]).toEqual([0, 0])
})

const compared = (values: number[], more: Partial<MeasuredComparison> = {}): MeasuredComparison => ({
  title: 'against theirs',
  unit: 'ratio',
  values,
  ...more,
})

test.each<[MeasuredComparison, string]>([
  [compared([0.3, 0.5, 0.9], { must: 0.4, aim: 0.6 }), 'must'],
  [compared([0.6], { must: 0.4, aim: 0.6 }), 'aim'],
  [compared([0.39], { must: 0.4, aim: 0.6 }), 'missed'],
  [compared([4], { unit: 'ms', must: 5, aim: 2 }), 'must'],
  [compared([2], { unit: 'ms', must: 5, aim: 2 }), 'aim'],
  [compared([121], { unit: 'MB', must: 120 }), 'missed'],
  [compared([], { must: 1 }), 'none'],
  [compared([1]), 'none'],
])('%j: %s', (comparison, verdict) => expect(verdictOf(comparison)).toBe(verdict))

const result = (name: string, comparisons: MeasuredComparison[] = []): Result => ({
  ...suite,
  name,
  at: '2026-11-29T12:00:00.000Z',
  settings: { seconds: 4, rounds: 3 },
  competitors: [{ name: 'ours', title: 'ours', rounds: [{ perSecond: 1_234.5, p50Ms: 1.5 }] }],
  comparisons,
  notes: ['a note'],
  machine,
})

test('a ratio that is smaller by more than the tolerance is worse; rates, durations and what is new are not compared', () => {
  const saved = [
    result('one', [
      compared([1]),
      compared([5], { title: 'p50', unit: 'ms' }),
      compared([3], { title: 'gone' }),
    ]),
  ]
  const now = (value: number) => [
    result('one', [
      compared([value]),
      compared([50], { title: 'p50', unit: 'ms' }),
      compared([1], { title: 'new' }),
    ]),
    result('another', [compared([0.1])]),
  ]
  const of = (value: number) => changesOf(saved, now(value), 0.2).map(({ title, worse }) => [title, worse])
  expect([of(0.81), of(0.79), of(7)]).toEqual([
    [['against theirs', false]],
    [['against theirs', true]],
    [['against theirs', false]],
  ])
})

test('what was measured anew takes its place, and the rest stays', () => {
  const anew = { ...result('b'), at: 'later' }
  expect(replaceResults([result('a'), result('b')], [anew, result('c')])).toEqual([
    result('a'),
    anew,
    result('c'),
  ])
})

test('what is missing is named, before anything is started', () => {
  const suites = [
    { name: 'a', services: ['sequencer'], programs: [{ program: 'redis-server', without: 'Redis' }] },
    { name: 'b', services: ['sequencer', 'order-service'] },
  ] as const
  const yes = () => true
  expect(missingFor(suites, yes, yes)).toEqual([])
  expect(missingFor(suites, () => false, yes)).toEqual([
    'a: redis-server is not installed; without it there is no Redis',
  ])
  expect(() => missingFor(suites, yes, (service) => service === 'sequencer')).toThrow(
    'Not built: order-service.',
  )
})

test('the report has the machine, the medians, and what was reached', () => {
  const report = reportOf([
    result('fast', [compared([0.3, 0.5, 0.9], { must: 0.6 }), compared([], { title: 'Redis' })]),
  ])
  for (const line of [
    '![How fast](benchmarks/fast.svg)',
    '| ours | 1,235 | 1,235 | 1,235 | 1.50 |  |',
    '| against theirs | 0.50 | 0.30 | 0.90 | 0.60 |  | **missed** |',
    '| Redis |  |  |  |  |  | not measured |',
    '- a note',
  ])
    expect(report.split('\n')).toContain(line)
  expect(report).toContain('a CPU, 2 cores and 4 GB')
})

test('a page gets the tables of what was measured, between its marks, and keeps the rest', () => {
  const block = (name: string, ...lines: string[]) => [
    `<!-- benchmark ${name} -->`,
    '',
    ...lines,
    '',
    '<!-- end -->',
  ]
  const before = [
    '# A page',
    ...block('fast', 'old'),
    'text',
    ...block('slow', 'kept'),
    ...block('comparisons', 'old'),
  ]
  const results = [
    result('fast', [compared([0.5], { must: 0.4, aim: 0.6 }), compared([9], { title: 'nothing wanted' })]),
  ]
  const page = withResults(before.join('\n'), results)
  expect(page.split('\n')).toEqual([
    '# A page',
    ...block(
      'fast',
      '| How fast | things/s | p50 ms | p99 ms |',
      '| --- | --- | --- | --- |',
      '| ours | 1,235 | 1.50 |  |',
    ),
    'text',
    ...block('slow', 'kept'),
    ...block(
      'comparisons',
      '| | | median | must | aim | |',
      '| --- | --- | --- | --- | --- | --- |',
      '| fast | against theirs | 0.50 | 0.40 | 0.60 | must reached |',
    ),
  ])
  expect(withResults(page, results)).toBe(page)
})
