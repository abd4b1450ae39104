import type { Queryable } from '@ordinal/database'
import { AppError } from '@ordinal/errors'
import type { Chosen } from './records'

/**
 * Requires that there is something of what is to be verified, exported or signed: of a name with a slip in it,
 * everything would fit.
 *
 * @throws AppError `sequence_not_found`
 */
export async function requireChosen(db: Queryable, { prefix, period }: Chosen): Promise<void> {
  if (prefix === undefined && period === undefined) return
  const of = (table: string) =>
    `SELECT FROM public.${table} t WHERE ($1::text IS NULL OR t.prefix = $1) AND ($2::text IS NULL OR t.period = $2)`
  const { rows } = await db.query<{ known: boolean }>(
    `SELECT EXISTS (${of('counters')}) OR EXISTS (${of('batches')}) OR EXISTS (${of('ledger')})
            OR $2 IS NULL AND EXISTS (SELECT FROM public.sequences s WHERE s.prefix = $1) AS known`,
    [prefix ?? null, period ?? null],
  )
  if (rows[0]!.known) return
  const sequence = prefix === undefined ? 'No sequence' : `The sequence "${prefix}"`
  throw new AppError(
    'sequence_not_found',
    period === undefined
      ? `There is no sequence "${prefix}"`
      : `${sequence} has issued nothing in a period "${period}"; without the period, all of them are meant`,
  )
}
