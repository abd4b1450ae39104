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

/** By how much values grow from the first to the last, along the line that fits them best (least squares). */
export function growthOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  let covariance = 0
  let variance = 0
  for (const [index, value] of values.entries()) {
    covariance += (index - middle) * (value - mean)
    variance += (index - middle) ** 2
  }
  return variance === 0 ? 0 : (covariance / variance) * (values.length - 1)
}
