/**
 * The fields of a request for numbers that are columns of the ledger by the same name, in the order of the database's
 * type `ledger_request`: a new one comes last. All code that names each of them takes them from here
 * (docs/decisions/0056-one-list-of-fields.md).
 *
 * - `letter`: marks the field in the hash of a batch
 * - `type`: of the column
 */
const fields = {
  hold_seconds: { letter: 'H', type: 'integer' },
  client_id: { letter: 'C', type: 'text' },
  generated_by: { letter: 'G', type: 'text' },
  site_id: { letter: 'S', type: 'text' },
  partition_id: { letter: 'P', type: 'text' },
  invoice_type: { letter: 'T', type: 'text' },
  business_date: { letter: 'D', type: 'date' },
  reason: { letter: 'R', type: 'text' },
  request_id: { letter: 'I', type: 'text' },
} as const satisfies Record<string, { letter: string; type: 'integer' | 'text' | 'date' }>

export type RequestField = keyof typeof fields

type ValueOf<Field extends RequestField> = (typeof fields)[Field]['type'] extends 'integer' ? number : string

/** The fields as a caller gives them; a date as in `2026-11-21`. */
export type RequestFields = { [Field in RequestField]?: ValueOf<Field> | undefined }

/** The fields as a row of the ledger has them. */
export type RequestColumns = { [Field in RequestField]: ValueOf<Field> | null }

/** Their names, in order. */
export const requestFields = Object.keys(fields) as readonly RequestField[]

export const letterOf = (field: RequestField) => fields[field].letter
export const typeOf = (field: RequestField) => fields[field].type
