import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chartOf } from './chart'
import { machineText } from './machine'
import { figuresOf, msText, rateText, turnsText, valueText } from './print'
import type { Result } from './results'
import { spreadOf } from './statistics'
import type { MeasuredComparison } from './suite'
import { verdictOf } from './verdict'

const verdicts = { aim: 'aim reached', must: 'must reached', missed: '**missed**', none: '' }

/**
 * Writes a report for people: `benchmarks.md` in a folder, with its pictures beside it in `benchmarks/`.
 *
 * @returns the file
 */
export async function writeReport(folder: string, results: readonly Result[]): Promise<string> {
  mkdirSync(join(folder, 'benchmarks'), { recursive: true })
  for (const result of results)
    writeFileSync(join(folder, 'benchmarks', `${result.name}.svg`), await chartOf(result))
  const file = join(folder, 'benchmarks.md')
  writeFileSync(file, reportOf(results))
  return file
}

/** The report as Markdown. */
export const reportOf = (results: readonly Result[]) =>
  [
    '# Benchmarks',
    '',
    'Made by `make bench-save`: change nothing here. Each round has a turn of every competitor, one after the other, so that a',
    'machine that is busy for a while disturbs all alike. The figures are medians of the rounds, with the worst and the best;',
    'a ratio is that of two turns of one round. Rates and durations are those of one machine and one hour: compare the ratios.',
    ...results.flatMap(sectionOf),
    '',
  ].join('\n')

/**
 * A page with the parts of it that results make: each stands between `<!-- benchmark numbers -->`, by the name of its suite, and
 * `<!-- end -->`. `comparisons` has those of all suites. The part of a suite without results stays as it is.
 */
export function withResults(page: string, results: readonly Result[]): string {
  return page.replaceAll(
    /(<!-- benchmark (\w+) -->\n)[^]*?(\n<!-- end -->)/g,
    (part: string, begin: string, name: string, end: string) => {
      const lines =
        name === 'comparisons'
          ? allComparisons(results)
          : results.filter((result) => result.name === name).flatMap(ratesOf)
      return lines.length === 0 ? part : [begin, ...lines, end].join('\n')
    },
  )
}

const allComparisons = (results: readonly Result[]): string[] => [
  '| | | median | must | aim | |',
  '| --- | --- | --- | --- | --- | --- |',
  ...results.flatMap(({ name, comparisons }) =>
    comparisons
      .filter((comparison) => verdictOf(comparison) !== 'none')
      .map((comparison) => {
        const { title, unit, values, must, aim } = comparison
        const cells = [spreadOf(values)?.median, must, aim].map((value) => valueText(value, unit))
        return `| ${[name, title, ...cells, verdicts[verdictOf(comparison)]].join(' | ')} |`
      }),
  ),
]

const ratesOf = ({ title, counts, competitors }: Result): string[] => [
  `| ${title} | ${counts}/s | p50 ms | p99 ms |`,
  '| --- | --- | --- | --- |',
  ...competitors.map(({ title, rounds }) => {
    const { rate, p50, p99 } = figuresOf(rounds)
    return `| ${[title, rateText(rate?.median), msText(p50), msText(p99)].join(' | ')} |`
  }),
]

function sectionOf({
  name,
  title,
  counts,
  at,
  settings,
  machine,
  competitors,
  comparisons,
  notes,
}: Result): string[] {
  return [
    '',
    `## ${title}`,
    '',
    `${at.slice(0, 10)}, ${turnsText(settings)}. ${machineText(machine)}.`,
    '',
    `![${title}](benchmarks/${name}.svg)`,
    '',
    `| | ${counts}/s | from | to | p50 ms | p99 ms |`,
    '| --- | --- | --- | --- | --- | --- |',
    ...competitors.map(({ title, rounds }) => {
      const { rate, p50, p99 } = figuresOf(rounds)
      const cells = [rate?.median, rate?.least, rate?.most].map(rateText)
      return `| ${[title, ...cells, msText(p50), msText(p99)].join(' | ')} |`
    }),
    '',
    '| | median | from | to | must | aim | |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...comparisons.map(comparisonLine),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []),
  ]
}

function comparisonLine(comparison: MeasuredComparison): string {
  const { title, unit, values, must, aim } = comparison
  const spread = spreadOf(values)
  const cells = [spread?.median, spread?.least, spread?.most, must, aim].map((value) =>
    valueText(value, unit),
  )
  return `| ${[title, ...cells, spread ? verdicts[verdictOf(comparison)] : 'not measured'].join(' | ')} |`
}
