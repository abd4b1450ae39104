/**
 * Shares a result among all calls of so many milliseconds. A failure is not kept.
 *
 * @param make called at most once in that time
 */
export function sharedFor<T>(milliseconds: number, make: () => Promise<T>): () => Promise<T> {
  let made: { at: number; result: Promise<T> } | undefined
  return () => {
    if (made && performance.now() - made.at < milliseconds) return made.result
    const current = { at: performance.now(), result: make() }
    made = current
    current.result.catch(() => {
      if (made === current) made = undefined
    })
    return current.result
  }
}
