import type { EntryRecord } from './records'

/** Between the fields of a batch, as its hash has them; no field has it. */
export const separator = '\x1f'

/** A request, from the rows that it got, as the hash of its batch has it: the same as request_text of the database. */
export function requestText(rows: readonly EntryRecord[]): string {
  const row = rows[0]!
  let text = [row.event, row.caller, row.idempotency_key, rows.length].map(sound).join(separator)
  for (const [letter, column] of columns) {
    const value = row[column]
    if (value !== null) text += separator + letter + sound(value)
  }
  return text
}

const columns = [
  ['H', 'hold_seconds'],
  ['C', 'client_id'],
  ['G', 'generated_by'],
  ['S', 'site_id'],
  ['P', 'partition_id'],
  ['T', 'invoice_type'],
  ['D', 'business_date'],
  ['R', 'reason'],
  ['I', 'request_id'],
] as const

/** A field. One that has a separator was altered, and could pass for two: then the text is that of no batch. */
export const sound = (field: string | number): string => {
  const text = String(field)
  return text.includes(separator) ? separator.repeat(5) : text
}
