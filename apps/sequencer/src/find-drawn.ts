import type { Queryable } from '@ordinal/database'
import { AppError } from '@ordinal/errors'
import { valueInPeriods, valueOfStep, type DrawnValue, type FoundNumber } from './ledger/numbers'

/** A site, and the request in which it names a value. */
export interface Drawing {
  prefix: string
  siteId: string
  partitionId: string
  caller: string
  idempotencyKey: string | undefined
}

/**
 * Finds what a site means by a value, which every period of the sequence may have.
 *
 * @throws AppError `number_not_found`, `number_ambiguous`
 */
export async function findDrawn(
  db: Queryable,
  value: number,
  { prefix, caller, idempotencyKey, ...site }: Drawing,
): Promise<FoundNumber & { number: string }> {
  const periods = await valueInPeriods(db, prefix, value)
  // A request that is repeated means what it meant, also if the site has drawn that value of another period since. Asked
  // after the periods: if the first of two at once ends between these lines, it is found here.
  const before = idempotencyKey !== undefined && (await valueOfStep(db, { prefix, caller, idempotencyKey }))
  if (before && before.value === value) return before
  const { period, number } = meantBy(site, value, periods)
  return { prefix, period, value, number }
}

/**
 * Which of a value's periods a site means: the one in which it holds the value. If it holds it in none, the latest, and
 * whoever takes the step is told why that is not to be.
 *
 * @param periods the value in each period in which it was drawn, the latest first
 * @throws AppError `number_not_found`, `number_ambiguous`
 */
export function meantBy(
  { siteId, partitionId }: Pick<Drawing, 'siteId' | 'partitionId'>,
  value: number,
  periods: readonly DrawnValue[],
): DrawnValue {
  const held = periods.filter(
    (drawn) =>
      drawn.siteId === siteId &&
      drawn.partitionId === partitionId &&
      (drawn.state === 'issued' || drawn.state === 'reserved'),
  )
  if (held.length > 1) {
    const numbers = held.map(({ number }) => number).join(' and ')
    throw new AppError(
      'number_ambiguous',
      `${siteId}, ${partitionId} holds ${numbers}: say which by full_number`,
    )
  }
  const meant = held[0] ?? periods[0]
  if (!meant) throw new AppError('number_not_found', `No site has drawn the number ${value}`)
  return meant
}
