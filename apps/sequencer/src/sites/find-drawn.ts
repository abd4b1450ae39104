import type { Queryable } from '@ordinal/database'
import { AppError } from '../domain/errors'
import type { FoundNumber } from '../ledger/queries'
import { valueInPeriods, valueOfStep, type DrawnValue } from './draw-queries'

/** A site, and the request in which it names a value. */
interface Drawing {
  prefix: string
  site_id: string
  partition_id: string
  caller: string
  key: string | undefined
}

/**
 * Finds what a site means by a value, which every period of the sequence may have.
 *
 * @throws AppError `number_not_found`, `number_ambiguous`
 */
export async function findDrawn(
  db: Queryable,
  value: number,
  { prefix, caller, key, ...site }: Drawing,
): Promise<FoundNumber & { number: string }> {
  const periods = await valueInPeriods(db, prefix, value)
  // A request that is repeated means what it meant, also if the site has drawn that value of another period since. Asked
  // after the periods: if the first of two at once ends between these lines, it is found here.
  const before = key !== undefined && (await valueOfStep(db, { prefix, caller, key }))
  if (before && before.value === value) return before
  const { period, number } = meantBy(site, value, periods)
  return { prefix, period, value, number }
}

/**
 * Which of a value's periods a site means: the one in which it holds the value. If it holds it in none, the latest, and
 * the step is refused with the reason.
 *
 * @param periods the value in each period in which it was drawn, the latest first
 * @throws AppError `number_not_found`, `number_ambiguous`
 */
function meantBy(
  { site_id, partition_id }: Pick<Drawing, 'site_id' | 'partition_id'>,
  value: number,
  periods: readonly DrawnValue[],
): DrawnValue {
  const held = periods.filter(
    (drawn) =>
      drawn.site_id === site_id &&
      drawn.partition_id === partition_id &&
      (drawn.state === 'issued' || drawn.state === 'reserved'),
  )
  if (held.length > 1) {
    const numbers = held.map(({ number }) => number).join(' and ')
    throw new AppError(
      'number_ambiguous',
      `${site_id}, ${partition_id} holds ${numbers}: say which by full_number`,
    )
  }
  const meant = held[0] ?? periods[0]
  if (!meant) throw new AppError('number_not_found', `No site has drawn the number ${value}`)
  return meant
}
