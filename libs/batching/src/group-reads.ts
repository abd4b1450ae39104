/**
 * Reads each key one at a time: calls that come in while a read is under way share the next one, so that no answer is older
 * than its call.
 *
 * @param read reads the value of a key
 */
export function groupReads<T>(read: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const underWay = new Map<string, Promise<T>>()
  const next = new Map<string, Promise<T>>()

  function begin(key: string): Promise<T> {
    const reading = read(key)
    underWay.set(key, reading)
    const end = () => {
      if (!next.has(key)) underWay.delete(key)
    }
    reading.then(end, end)
    return reading
  }

  return (key) => {
    const before = underWay.get(key)
    if (!before) return begin(key)
    const waiting = next.get(key)
    if (waiting) return waiting
    const beginNext = () => {
      next.delete(key)
      return begin(key)
    }
    const reading = before.then(beginNext, beginNext)
    next.set(key, reading)
    return reading
  }
}
