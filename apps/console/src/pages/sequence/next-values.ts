interface Position {
  /** The value that is issued next. */
  next: number
  /** The last value that the counter has given out. */
  counter: number
  /** The last value that the rules allow. */
  end: number | null
  /** The lowest free values, which are issued again before the counter moves on. */
  free: readonly number[]
}

/** The values of the next numbers, if nobody else comes first: as many as are asked for, or as there are left. */
export function nextValues({ next, counter, end, free }: Position, count: number): number[] {
  const isFree = next <= counter
  const first = isFree ? counter + 1 : next
  const fresh = Array.from({ length: count }, (_, index) => first + index)
  return [...(isFree ? free : []), ...fresh].filter((value) => end === null || value <= end).slice(0, count)
}
