import type { Queryable } from '@ordinal/database'
import { AppError } from '../../domain/errors'
import type { Chosen } from './counters'

/**
 * Requires that what is to be verified, exported or signed exists: a mistyped name would select nothing, in which there
 * is no fault.
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
      : `${sequence} has issued nothing in a period "${period}"; leave the period out for all of them`,
  )
}
