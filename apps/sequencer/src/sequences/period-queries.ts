import { databaseErrorOf, type Queryable } from '@ordinal/database'
import { AppError } from '../domain/errors'
import { findClosed, type ClosedPeriod } from '../ledger/queries'

/**
 * Closes a period for good. A period that is closed already keeps who closed it, when and why.
 *
 * @throws AppError `period_not_over`
 */
export async function closePeriod(
  db: Queryable,
  {
    prefix,
    period,
    by,
    reason,
    requestId,
  }: { prefix: string; period: string; by: string; reason: string; requestId: string },
): Promise<ClosedPeriod> {
  try {
    await db.query(`SELECT public.close_period($1, $2, $3, $4, $5)`, [prefix, period, by, reason, requestId])
  } catch (error) {
    if (databaseErrorOf(error)?.sqlState !== 'OR024') throw error
    throw new AppError('period_not_over', (error as Error).message, { cause: error })
  }
  return (await findClosed(db, prefix, period))!
}
