import { InvalidArgumentError } from 'commander'

// How the texts of arguments and options are read.

/** A whole number from 1 on. */
export function integer(text: string): number {
  if (!/^\d{1,15}$/.test(text) || Number(text) < 1)
    throw new InvalidArgumentError('It is a whole number from 1 on, of at most 15 digits.')
  return Number(text)
}

/** A whole number from 0 on. */
export function wholeFromZero(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new InvalidArgumentError('It is a whole number from 0 on, of at most 15 digits.')
  return Number(text)
}

/** A moment, as ISO 8601 in UTC. */
export function moment(text: string): string {
  const at = new Date(text)
  if (Number.isNaN(at.getTime()))
    throw new InvalidArgumentError('It is a moment such as 2027-01-01T00:00:00Z.')
  return at.toISOString()
}

/** The values of an option that may be given several times. */
export const collect = (text: string, before: string[] = []) => [...before, text]

/** No more than so many of a list, of which no more pieces are read than that takes. */
export async function* firstOf<T>(count: number, items: AsyncIterable<T>): AsyncGenerator<T> {
  let left = count
  if (left <= 0) return
  for await (const item of items) {
    yield item
    if (--left <= 0) return
  }
}
