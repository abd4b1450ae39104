import { NotFoundError } from '@ordinal/client'
import { queryOptions } from '@tanstack/react-query'
import { ordinal } from '../../api/ordinal'
import { sequenceOf } from '../../api/sequence-queries'

/**
 * How the number with another value may be written: as this one, with the other value where this one's is. Where that is cannot
 * be told from the text alone (in `2026-2026`, say), so there may be several.
 */
export function writtenWith(number: string, value: number, other: number): string[] {
  const digits = String(value)
  const texts = new Set<string>()
  for (let at = number.indexOf(digits); at >= 0; at = number.indexOf(digits, at + 1)) {
    // Zeros before it fill it up, or belong to something else.
    let zeros = 0
    while (number[at - zeros - 1] === '0') zeros += 1
    for (let filling = zeros; filling >= 0; filling -= 1) {
      const filled = String(other).padStart(digits.length + filling, '0')
      texts.add(number.slice(0, at - filling) + filled + number.slice(at + digits.length))
    }
  }
  return [...texts].reverse()
}

interface Place {
  full_number: string
  prefix: string
  period: string
  counter: number
}

/** The number of the value before or after another one, in its sequence and period; null where none was given. */
export const neighbourOf = ({ full_number, prefix, period, counter }: Place, step: 1 | -1) =>
  queryOptions({
    queryKey: ['numbers', 'neighbour', prefix, period, counter, step],
    queryFn: async ({ client, signal }) => {
      // Few sequences begin below 1, and no other has such a number.
      if (counter + step < 1 && (await client.ensureQueryData(sequenceOf(prefix))).start > counter + step)
        return null
      for (const text of writtenWith(full_number, counter, counter + step)) {
        const found = await ordinal()
          .numbers.get(text, { prefix }, { signal })
          .catch((error: unknown) => {
            if (error instanceof NotFoundError) return undefined
            throw error
          })
        if (found?.counter === counter + step && found.period === period) return found.full_number
      }
      return null
    },
  })
