import { formatNumber } from '@ordinal/audit'
import type { Sequence } from '../domain/sequence'
import type { ImportFields } from './parse'
import { reasonOfSkipped, type ImportRow } from './plan'
import type { Origin } from './queries'

/** Reads a line by the rules of the sequence; a text says why it cannot be imported. */
export function readRow(
  sequence: Sequence,
  fields: ImportFields,
  sites: ReadonlySet<string>,
): Omit<ImportRow, 'line'> | string {
  const read = sequence.read(fields.number)
  if (!read) return `is not of the form ${sequence.rules.template}`
  const { value, slot } = read
  if (fields.site_id !== undefined && !sites.has(fields.site_id)) return `there is no site ${fields.site_id}`
  if (fields.business_date !== undefined && !isOf(sequence, fields.business_date, fields.number, value))
    return `on ${fields.business_date} it would have another form or period`
  return { fields, value, period: slot.period, frame: slot.frame, date: slot.date }
}

/** Whether a value has this number on a date. */
function isOf(sequence: Sequence, date: string, number: string, value: number): boolean {
  try {
    return formatNumber(sequence.slotOfDate(date).frame, value) === number
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** Why a value that the ledger has already cannot be imported; undefined if an import wrote it, with this number. */
export function faultOfKnown(
  { number, reason, void: isVoid }: Pick<ImportFields, 'number' | 'reason' | 'void'>,
  origin: Origin | undefined,
  first: number,
): string | undefined {
  if (!origin) return `is below the first value of its period, ${first}`
  if (origin.number !== number) return `its value has the number ${origin.number} already`
  const day = origin.at.toISOString().slice(0, 10)
  if (origin.event === 'import')
    return isVoid ? `was imported as issued, on ${day}: make it void by itself` : undefined
  if (origin.event === 'skip' && isVoid)
    return origin.reason === reason ? undefined : `is void already, since ${day}: ${origin.reason}`
  if (origin.event === 'skip' && origin.reason !== reasonOfSkipped)
    return `was imported as void, on ${day}: ${origin.reason}`
  if (origin.event === 'skip') return `was not among the numbers imported on ${day}, and is void since`
  return `was issued here, on ${day}`
}
