const largest = String(Number.MAX_SAFE_INTEGER)

/**
 * The lowest value that has the given digits, as text; undefined if there is none.
 *
 * @param digits undefined where any will do
 * @param padded whether it may begin with zeros
 * @param start the lowest value allowed
 */
export function lowestValue(
  digits: readonly (string | undefined)[],
  padded: boolean,
  start: number,
): string | undefined {
  const length = digits.length
  const first = String(start)
  if (first.length > length) return undefined
  const smallest = padded
    ? first.padStart(length, '0')
    : first.length === length
      ? first
      : `1${'0'.repeat(length - 1)}`
  const found = matchFrom(digits, smallest)
  return found !== undefined && (length < largest.length || found <= largest) ? found : undefined
}

/** The lowest text with the given digits that is at least `lowest`, which has the same length. */
function matchFrom(digits: readonly (string | undefined)[], lowest: string): string | undefined {
  const rest = (from: number) =>
    digits
      .slice(from)
      .map((digit) => digit ?? '0')
      .join('')
  // The longer the common beginning with `lowest`, the lower the text.
  let same = 0
  while (same < lowest.length && (digits[same] ?? lowest[same]) === lowest[same]) same += 1
  if (same === lowest.length) return lowest
  for (let at = same; at >= 0; at -= 1) {
    const here = lowest[at]!
    const digit = digits[at] ?? (here < '9' ? String(Number(here) + 1) : undefined)
    if (digit !== undefined && digit > here) return lowest.slice(0, at) + digit + rest(at + 1)
  }
  return undefined
}
