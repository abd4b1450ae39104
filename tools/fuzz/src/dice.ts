import fc from 'fast-check'

/** Chance that a seed repeats. */
export type Dice = ReturnType<typeof diceOf>

/** @param seed the seed of the run, and which request of it */
export function diceOf(seed: number, index: number) {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)

  /** From 0 to 1 (mulberry32). */
  function roll(): number {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (n: number) => Math.floor(roll() * n)

  return {
    below,
    /** Whether something happens that does in so many of a hundred cases. */
    percent: (n: number) => roll() * 100 < n,
    pick: <T>(values: readonly T[]): T => values[below(values.length)]!,
    /** A value of an arbitrary. */
    draw: <T>(arbitrary: fc.Arbitrary<T>): T =>
      fc.sample(arbitrary, { seed: below(2 ** 31), numRuns: 1 })[0]!,
  }
}
