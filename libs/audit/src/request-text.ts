import type { EntryRecord } from './records'
import { letterOf, requestFields } from './request-fields'

/** Between the fields of a batch, as its hash has them; no field has it. */
export const separator = '\x1f'

/** A request, from the rows that it got, as the hash of its batch has it: the same as request_text of the database. */
export function requestText(rows: readonly EntryRecord[]): string {
  const row = rows[0]!
  let text = [row.event, row.caller, row.idempotency_key, rows.length].map(sound).join(separator)
  for (const [letter, field] of lettered) {
    // An export from before there was the field does not have it.
    const value = row[field] ?? null
    if (value !== null) text += separator + letter + sound(value)
  }
  return text
}

const lettered = requestFields.map((field) => [letterOf(field), field] as const)

/** A field. One that has a separator was altered, and could pass for two: then the text is that of no batch. */
export const sound = (field: string | number): string => {
  const text = String(field)
  return text.includes(separator) ? separator.repeat(5) : text
}
