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
  // No sequence has a value above this one.
  const canBeRaised = end < Number.MAX_SAFE_INTEGER
  const remedy = canBeRaised
    ? 'raise end, or define a sequence for the next range'
    : 'or define another sequence'
  if (left + free === 0) {
    const last = canBeRaised ? `R${remedy.slice(1)}` : 'Define another sequence'
    return new AppError(
      'sequence_exhausted',
      `${prefix} has no more values${where}: they end at ${end}. ${last}`,
    )
  }
  const has =
    free === 0
      ? `${valuesOf(left)} left${where}, of which the last is ${end}`
      : `${valuesOf(left, 'new ')} left${where}, where they end at ${end}, and ${valuesOf(free, 'released ')}, issued one at a time`
  const ask = free === 0 ? 'ask for fewer' : 'ask for one number at a time'
  return new AppError(
    'sequence_exhausted',
    `${prefix} has ${has}, and the request asks for ${count}: ${ask}, ${remedy}`,
  )
}

const valuesOf = (count: number, kind = '') =>
  `${count === 0 ? 'no' : count} ${kind}${count === 1 ? 'value' : 'values'}`
