import type { EntryRecord } from './records'
import { requestFields } from './request-fields'

const csvColumns = [
  'prefix',
  'period',
  'value',
  'revision',
  'event',
  'state',
  'number',
  'batch',
  'position',
  'caller',
  'idempotency_key',
  'item',
  ...requestFields,
  'at',
] as const satisfies readonly (keyof EntryRecord)[]

type CsvRow = Pick<EntryRecord, (typeof csvColumns)[number]>

/** The first line of rows of the ledger as CSV (RFC 4180). */
export const csvHeader = `${csvColumns.join(',')}\r\n`

/** A row as a line. */
export const csvLine = (row: CsvRow): string =>
  `${csvColumns.map((column) => csvCell(row[column])).join(',')}\r\n`

/**
 * A cell as RFC 4180 has it. A text that a spreadsheet would take for a formula gets an apostrophe before it, as OWASP
 * advises (CSV injection): also behind spaces, which some spreadsheets strip, and with the full-width characters that
 * some take for the usual ones.
 */
export function csvCell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const text = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
