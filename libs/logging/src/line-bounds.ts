const everyMs = 1_000
// How many of a kind are written in a second.
const mostOfKind = 20
// Kinds in a second; further ones count as one. There are far fewer, unless one is made of what a caller sent.
const mostKinds = 1_000

/** How many lines of a kind were not written. */
interface Unwritten<Kind> {
  of: Kind
  count: number
}

interface Options<Kind> {
  /** Which kinds are the same. */
  keyOf: (kind: Kind) => string
  /** The kind of those for which there is no place. */
  others: Kind
  /** Takes what of the last second was not written, if there is any. */
  report: (unwritten: Unwritten<Kind>[]) => void
}

/**
 * Bounds the lines of each kind: the first 20 of a second are written, and the others are counted. A flood must not become a
 * flood of writes, nor hide lines of other kinds.
 */
export function createLineBounds<Kind>({ keyOf, others, report }: Options<Kind>) {
  const kinds = new Map<string, { of: Kind; count: number }>()
  let timer: NodeJS.Timeout | undefined

  function counterOf(of: Kind) {
    const key = keyOf(of)
    const known = kinds.get(key)
    if (known) return known
    if (kinds.size >= mostKinds && of !== others) return counterOf(others)
    const counter = { of, count: 0 }
    kinds.set(key, counter)
    return counter
  }

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    const unwritten = [...kinds.values()]
      .filter(({ count }) => count > mostOfKind)
      .map(({ of, count }) => ({ of, count: count - mostOfKind }))
    kinds.clear()
    if (unwritten.length > 0) report(unwritten)
  }

  return {
    /** Counts a line; returns whether it is written. */
    admit(kind: Kind): boolean {
      timer ??= setTimeout(flush, everyMs).unref()
      const counter = counterOf(kind)
      counter.count += 1
      return counter.count <= mostOfKind
    },
    /** Reports what was counted until now. */
    flush,
  }
}
