/** Choices that a seed repeats (mulberry32). */
export function randomFrom(seed: number) {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    /** Whether something happens that does so with this probability. */
    chance: (probability: number) => next() < probability,
    /** From 0 up to n - 1. */
    below: (n: number) => Math.floor(next() * n),
    oneOf: <T>(choices: readonly T[]): T => choices[Math.floor(next() * choices.length)]!,
  }
}

export type Random = ReturnType<typeof randomFrom>
