import type { Frame } from './number'

/** Values that were given in a frame, from the first to the last. */
export interface Run extends Frame {
  first: number
  last: number
}

const longestValue = 16

/**
 * A text that is a number of both runs; undefined if there is none. The database's `common_number` does the same for all
 * values from a start on.
 */
export function commonText(one: Run, other: Run): string | undefined {
  const [shorterHead, longerHead] = inOrder(one.head, other.head)
  const [shorterTail, longerTail] = inOrder(one.tail, other.tail)
  if (!longerHead.startsWith(shorterHead) || !longerTail.endsWith(shorterTail)) return undefined
  const shortest = Math.max(lengthOf(one, one.first), lengthOf(other, other.first))
  const longest = Math.min(lengthOf(one, one.last), lengthOf(other, other.last))
  for (let length = shortest; length <= longest; length += 1) {
    const text = textOfLength(length, one, other)
    if (text !== undefined) return text
  }
  return undefined
}

const inOrder = (one: string, other: string): [string, string] =>
  one.length <= other.length ? [one, other] : [other, one]
const lengthOf = ({ head, width, tail }: Frame, value: number) =>
  head.length + Math.max(width, String(value).length) + tail.length

/** One of the frames gives each character of the text, except for digits that belong to the values of both. */
function textOfLength(length: number, one: Run, other: Run): string | undefined {
  const places = Array.from(
    { length },
    (_, at) => [charAt(one, at, length), charAt(other, at, length)] as const,
  )
  const fits = ([a, b]: readonly [string | undefined, string | undefined]) =>
    a === undefined ? b === undefined || /[0-9]/.test(b) : b === undefined ? /[0-9]/.test(a) : a === b
  if (!places.every(fits)) return undefined
  const known = places.map(([a, b]) => a ?? b)
  const open = known.filter((char) => char === undefined).length
  const bounds = [boundsOf(one, known, open), boundsOf(other, known, open)]
  const lowest = bounds.map(([low]) => low).reduce((a, b) => (a > b ? a : b), 0n)
  const highest = bounds.map(([, high]) => high).reduce((a, b) => (a < b ? a : b), 10n ** BigInt(open) - 1n)
  if (lowest > highest) return undefined
  const digits = open > 0 ? String(lowest).padStart(open, '0') : ''
  let next = 0
  return known.map((char) => char ?? digits[next++]).join('')
}

/** What a frame has at a place of a text of some length; undefined for a digit of the value. */
const charAt = ({ head, tail }: Frame, at: number, length: number) =>
  at < head.length ? head[at] : at >= length - tail.length ? tail[at - length + tail.length] : undefined

/** The lowest and the highest number that the open digits may form for the value to be one of the run. */
function boundsOf(
  { head, width, tail, first, last }: Run,
  known: readonly (string | undefined)[],
  open: number,
): [bigint, bigint] {
  const value = known.slice(head.length, known.length - tail.length)
  const after = BigInt(open > 0 ? value.length - value.lastIndexOf(undefined) - 1 : 0)
  const fixed = BigInt(value.map((char) => char ?? '0').join(''))
  const least = value.length > width ? 10n ** BigInt(value.length - 1) : 0n
  const most = value.length > longestValue ? -1n : 10n ** BigInt(value.length) - 1n
  const [low, high] = [max(BigInt(first), least) - fixed, min(BigInt(last), most) - fixed]
  const unit = 10n ** after
  // Rounded up, and down: a fixed part beyond the run leaves nothing.
  return [low <= 0n ? 0n : (low + unit - 1n) / unit, high < 0n ? -1n : high / unit]
}

const max = (a: bigint, b: bigint) => (a > b ? a : b)
const min = (a: bigint, b: bigint) => (a < b ? a : b)
