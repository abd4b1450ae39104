import { AppError } from '../domain/errors'
import { inPeriod } from '../domain/range'
import type { Exhausted } from './failures'

/** The error for a request that asks for more values than a sequence has left. */
export function exhausted(
  prefix: string,
  count: number,
  { period, end, left }: Pick<Exhausted, 'period' | 'end' | 'left'>,
): AppError {
  const where = inPeriod(period)
  const detail =
    left === 0
      ? `${prefix} has no more values${where}: they end at ${end}. Raise end, or define a sequence for the next range`
      : `${prefix} has ${left} ${left === 1 ? 'value' : 'values'} left${where}, of which the last is ${end}, and the request asks for ${count}: ask for fewer, raise end, or define a sequence for the next range`
  return new AppError('sequence_exhausted', detail)
}
