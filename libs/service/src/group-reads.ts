/**
 * Reads of one thing, one at a time: who asks while one is under way shares the next with all who do, so that it is as
 * new as their question.
 *
 * @param read takes what is asked for, which is the key
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
