import { databaseErrorOf, type Queryable } from '@ordinal/database'
import { AppError } from '../domain/errors'
import { onServer, requireWritten, type WriteOnServer } from '../ledger/other-server'
import { findClosed, type ClosedPeriod } from '../ledger/queries'

/**
 * Closes a period for good. A period that is closed already keeps who closed it, when and why.
 *
 * @param write runs a statement only where the register may be written to
 * @throws AppError `period_not_over`, `ledger_behind`; `validation_failed` if the sequence never had a period of this kind
 */
export async function closePeriod(
  db: Queryable,
  write: WriteOnServer,
  {
    prefix,
    period,
    by,
    reason,
    requestId,
  }: { prefix: string; period: string; by: string; reason: string; requestId: string },
): Promise<ClosedPeriod> {
  try {
    await write(async (server) => {
      const { rows } = await db.query(
        `SELECT FROM public.close_period($1, $2, $3, $4, $5) WHERE ${onServer('$6')}`,
        [prefix, period, by, reason, requestId, server ?? null],
      )
      requireWritten(rows)
    })
  } catch (error) {
    const sqlState = databaseErrorOf(error)?.sqlState
    if (sqlState === 'OR024')
      throw new AppError('period_not_over', (error as Error).message, { cause: error })
    if (sqlState !== 'OR011') throw error
    const { detail: current } = error as { detail?: string }
    const has = current ? `now it is in ${current}` : 'its values never begin again'
    const message = `${(error as Error).message}: ${has}`
    throw new AppError('validation_failed', `params.period: ${message}`, {
      errors: [{ path: 'params.period', message }],
      cause: error,
    })
  }
  return (await findClosed(db, prefix, period))!
}
