import { machineText } from './machine'
import type { Result } from './results'
import { spreadOf, spreadOfKnown, type Spread } from './statistics'
import type { MeasuredComparison, Round } from './suite'
import { verdictOf, type Change } from './verdict'

export const row = (title: string, ...cells: string[]) =>
  `  ${title.padEnd(44)}${cells.map((cell) => cell.padStart(12)).join('')}`

/** Prints the medians of a suite, with what they are between, and what was aimed for. */
export function printResult({
  title,
  counts,
  settings,
  machine,
  competitors,
  comparisons,
  notes,
}: Result): void {
  console.log(`\n${title}\n  ${machineText(machine)}`)
  console.log(`  ${settings.rounds === 1 ? '' : 'Medians of '}${turnsText(settings)}\n`)
  console.log(row('', `${counts}/s`, 'from', 'to', 'p50 ms', 'p99 ms'))
  for (const { title, rounds } of competitors) {
    const { rate, p50, p99 } = figuresOf(rounds)
    console.log(
      row(
        title,
        rateText(rate?.median),
        rateText(rate?.least),
        rateText(rate?.most),
        msText(p50),
        msText(p99),
      ),
    )
  }
  console.log(`\n${row('', 'median', 'from', 'to', 'must', 'aim')}`)
  for (const comparison of comparisons) console.log(comparisonRow(comparison))
  for (const note of notes) console.log(`  ${note}`)
}

export function printChanges(changes: readonly Change[]): void {
  console.log(`\n${row('Compared with what was saved', 'saved', 'now', 'change')}`)
  for (const { suite, title, saved, now, worse } of changes) {
    const change = `${now >= saved ? '+' : ''}${Math.round((now / saved - 1) * 100)} %`
    console.log(
      row(`${suite}: ${title}`, saved.toFixed(2), now.toFixed(2), change) + (worse ? '  WORSE' : ''),
    )
  }
}

export const turnsText = ({ seconds, rounds }: Result['settings']) =>
  rounds === 1 ? `one round of ${seconds} s` : `${rounds} rounds, turns of ${seconds} s`

/** What a table shows of the turns of a competitor. */
export const figuresOf = (rounds: readonly Round[]) => ({
  rate: spreadOf(rounds.map(({ perSecond }) => perSecond)),
  p50: spreadOfKnown(rounds.map(({ p50Ms }) => p50Ms)),
  p99: spreadOfKnown(rounds.map(({ p99Ms }) => p99Ms)),
})

export const rateText = (perSecond: number | undefined) =>
  perSecond === undefined ? '' : Math.round(perSecond).toLocaleString('en')

export const msText = (spread: Spread | undefined) => spread?.median.toFixed(2) ?? ''

/** A value of a comparison, with its unit. */
export const valueText = (value: number | undefined, unit: MeasuredComparison['unit']) => {
  if (value === undefined) return ''
  if (unit === 'ratio') return value.toFixed(2)
  return unit === 'MB' ? `${Math.round(value)} MB` : `${value.toFixed(1)} ms`
}

function comparisonRow(comparison: MeasuredComparison): string {
  const { title, unit, values, must, aim } = comparison
  const spread = spreadOf(values)
  if (!spread) return row(title, 'not measured')
  const text = (value: number | undefined) => valueText(value, unit)
  const missed = verdictOf(comparison) === 'missed' ? '  NOT MET' : ''
  return (
    row(title, text(spread.median), text(spread.least), text(spread.most), text(must), text(aim)) + missed
  )
}
