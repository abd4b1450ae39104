import { databaseErrorOf, type Queryable } from '@ordinal/database'
import { AppError } from '@ordinal/errors'

/** A period in which nothing more is issued. */
export interface ClosedPeriod {
  prefix: string
  period: string
  closedAt: Date
  closedBy: string
  reason: string
}

/** When and by whom a period was closed; undefined if it is open. */
export async function findClosed(
  db: Queryable,
  prefix: string,
  period: string,
): Promise<ClosedPeriod | undefined> {
  const { rows } = await db.query<ClosedPeriod>({
    name: 'find_closed',
    text: `SELECT prefix, period, closed_at AS "closedAt", closed_by AS "closedBy", reason
           FROM public.closed_periods WHERE prefix = $1 AND period = $2`,
    values: [prefix, period],
  })
  return rows[0]
}

/**
 * Closes a period for good. One that is closed already stays as it was closed.
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
    const { sqlState, message } = {
      sqlState: databaseErrorOf(error)?.sqlState,
      message: (error as Error).message,
    }
    if (sqlState !== 'OR024') throw error
    throw new AppError('period_not_over', message, { cause: error })
  }
  return (await findClosed(db, prefix, period))!
}
