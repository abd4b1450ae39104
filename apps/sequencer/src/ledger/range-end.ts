import { AppError } from '../domain/errors'
import { inPeriod } from '../domain/range'
import type { Exhausted } from './failures'

/** The error for a request that asks for more values than a sequence has left. */
export function exhausted(
  prefix: string,
  count: number,
  { period, end, left, free }: Pick<Exhausted, 'period' | 'end' | 'left' | 'free'>,
): AppError {
  const where = inPeriod(period)
  // No sequence has a value above the largest safe integer.
  const remedies =
    end < Number.MAX_SAFE_INTEGER
      ? ['raise end', 'define a sequence for the next range']
      : ['define another sequence']
  if (left + free === 0)
    return new AppError(
      'sequence_exhausted',
      `${prefix} has no more values${where}: they end at ${end}. ${sentenceOf(choiceOf(remedies))}`,
    )
  const has =
    free === 0
      ? `${valuesOf(left)} left${where}, of which the last is ${end}`
      : `${valuesOf(left, 'new ')} left${where}, where they end at ${end}, and ${valuesOf(free, 'released ')}, issued one at a time`
  const ask = free === 0 ? 'ask for fewer' : 'ask for one number at a time'
  return new AppError(
    'sequence_exhausted',
    `${prefix} has ${has}, and the request asks for ${count}: ${choiceOf([ask, ...remedies])}`,
  )
}

/** `a, b, or c`. */
const choiceOf = (ways: readonly string[]) =>
  ways.map((way, index) => (index > 0 && index === ways.length - 1 ? `or ${way}` : way)).join(', ')

const sentenceOf = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

const valuesOf = (count: number, kind = '') =>
  `${count === 0 ? 'no' : count} ${kind}${count === 1 ? 'value' : 'values'}`
