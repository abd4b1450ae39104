import type { LedgerRequest } from './request'

// In the order of the type.
const requestFields = [
  'event',
  'caller',
  'key',
  'count',
  'value',
  'number',
  'hold_seconds',
  'client_id',
  'generated_by',
  'site_id',
  'partition_id',
  'invoice_type',
  'business_date',
  'reason',
  'request_id',
] as const satisfies readonly (keyof LedgerRequest)[]

/** Requests as PostgreSQL reads an array of the type `ledger_request`: `{"(issue,anonymous,…)"}`. */
export const toRows = (requests: readonly LedgerRequest[]): string =>
  `{${requests.map((request) => quoted(`(${requestFields.map((field) => toField(request[field])).join(',')})`)).join(',')}}`

/** A field of a row; nothing at all is null. */
const toField = (value: string | number | undefined): string =>
  value === undefined ? '' : /^[\w.:+/=@-]+$/.test(String(value)) ? String(value) : quoted(String(value))

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`
