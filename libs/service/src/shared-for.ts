/**
 * A result that all who ask within so many milliseconds share: it is made once, however many ask at once. A failure is
 * not kept.
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
