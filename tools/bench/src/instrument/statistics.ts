/** The middle of some values, and how far they are from each other. */
export interface Spread {
  median: number
  least: number
  most: number
}

/** Undefined of no values. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return {
    median: (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2,
    least: sorted[0]!,
    most: sorted.at(-1)!,
  }
}

/** Of a figure that not every round has. */
export const spreadOfKnown = (values: readonly (number | undefined)[]): Spread | undefined =>
  spreadOf(values.filter((value) => value !== undefined))
