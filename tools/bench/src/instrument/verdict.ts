import { spreadOf } from './statistics'
import type { MeasuredComparison, SuiteResult } from './suite'

/** Of durations and memory less is better, of ratios more. */
const lessIsBetter = ({ unit }: Pick<MeasuredComparison, 'unit'>) => unit !== 'ratio'

/** What the median of a comparison is worth: `aim` reached, `must` reached, or neither. */
export function verdictOf(comparison: MeasuredComparison): 'aim' | 'must' | 'missed' | 'none' {
  const { must, aim } = comparison
  const median = spreadOf(comparison.values)?.median
  if (median === undefined || (must === undefined && aim === undefined)) return 'none'
  const reaches = (wanted: number | undefined) =>
    wanted !== undefined && (lessIsBetter(comparison) ? median <= wanted : median >= wanted)
  if (reaches(aim)) return 'aim'
  return reaches(must) ? 'must' : 'missed'
}

export interface Change {
  suite: string
  title: string
  saved: number
  now: number
  /** Whether it is less than what was saved, by more than the tolerance. */
  worse: boolean
}

/**
 * How ratios have changed since they were saved. Rates and durations are those of a machine and an hour, and are not
 * compared; nor are ratios that only one of the two has.
 *
 * @param tolerance the part by which a ratio may be smaller
 */
export function changesOf(
  saved: readonly SuiteResult[],
  now: readonly SuiteResult[],
  tolerance: number,
): Change[] {
  const before = new Map(saved.map((suite) => [suite.name, ratiosOf(suite)]))
  return now.flatMap((suite) =>
    [...ratiosOf(suite)].flatMap(([title, value]) => {
      const was = before.get(suite.name)?.get(title)
      if (was === undefined) return []
      return [{ suite: suite.name, title, saved: was, now: value, worse: value < was * (1 - tolerance) }]
    }),
  )
}

function ratiosOf({ comparisons }: SuiteResult): Map<string, number> {
  return new Map(
    comparisons
      .filter(({ unit }) => unit === 'ratio')
      .flatMap(({ title, values }) => {
        const median = spreadOf(values)?.median
        return median === undefined ? [] : [[title, median] as const]
      }),
  )
}
