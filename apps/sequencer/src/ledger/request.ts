import {
  requestFields,
  type NumberEvent,
  type NumberState,
  type RequestColumns,
  type RequestField,
  type RequestFields,
} from '@ordinal/audit'
import type { Span } from '@ordinal/tracing'
import type { Authority } from '../domain/holding'

/** A request as it is written: the database's functions and the hash chain have its fields by these names. */
export interface LedgerRequest extends RequestFields {
  event: NumberEvent
  prefix: string
  /** Who asks: keys belong to their caller. */
  caller: string
  /** The caller's, with which the request may be repeated, or a generated one. */
  key: string
  /** How many numbers; more than one follow each other. */
  count: number
  /** Of a number that is changed; `number` is what the caller knows the value by. */
  value?: number | undefined
  number?: string | undefined
  /** By what the caller may change numbers that it did not draw; not on record, and `none` if not given. */
  authority?: Authority | undefined
  request_id: string
  /** Of the call, if its trace is recorded; not on record. */
  span?: Span | undefined
}

interface WithoutKey {
  /** One is generated where there is none. */
  key?: string | undefined
}

/** A request for new numbers. */
export type IssueRequest = Omit<LedgerRequest, 'event' | 'key' | 'value' | 'number' | 'authority'> &
  WithoutKey & { event: Extract<NumberEvent, 'issue' | 'reserve' | 'suppress'> }

/** A request to take a number to another state. */
export type ChangeRequest = Omit<LedgerRequest, 'event' | 'key' | 'count'> &
  WithoutKey & {
    event: Extract<NumberEvent, 'confirm' | 'release' | 'expire' | 'void'>
    period: string
    value: number
    number: string
  }

const askedFields = requestFields.filter((field) => field !== 'request_id')

/**
 * The fields of what was asked, given or not, for the end of a request: `{ event, …, ...fieldsOf(asked) }`. All have one
 * shape by this. V8 takes ten times as long for `{ ...asked, event, … }`, which has one for each set of fields.
 */
export function fieldsOf(asked: RequestFields): Omit<RequestFields, 'request_id'> {
  const fields: Partial<Record<RequestField, string | number | undefined>> = {}
  for (const field of askedFields) fields[field] = asked[field]
  return fields as RequestFields
}

/** The same for numbers that are issued or imported: the statistics count every number of a site under a type. */
export function fieldsOfNumbers(asked: RequestFields): Omit<RequestFields, 'request_id'> {
  const fields = fieldsOf(asked)
  if (fields.site_id !== undefined) fields.invoice_type ??= 'on-cycle'
  return fields
}

/** A number, and the state that a request has put it in. */
export interface IssuedNumber {
  value: number
  number: string
  state: NumberState
}

/** The answer to a request. */
export interface Issued {
  period: string
  numbers: IssuedNumber[]
  /** The request was made before, and this is what it got then. */
  replayed: boolean
}

/** A number that a key got before, as the ledger has it. */
export interface ReplayedNumber extends IssuedNumber, Omit<RequestColumns, 'request_id'> {
  /** Which request of the batch, counted from 1. */
  request: number
  item: number
  event: NumberEvent
  period: string
}

// What must be the same for a repeated request to be the same request: not the caller, nor the HTTP request.
const ownFields = ['event', 'count', ...askedFields] as const

type OwnFields = { [Field in (typeof ownFields)[number] | 'number']?: string | number | null | undefined }

/** Whether a request is the one that is known by its key. */
export const sameRequest = (request: Omit<LedgerRequest, 'key'>, known: OwnFields) =>
  ownFields.every((field) => (request[field] ?? null) === (known[field] ?? null)) &&
  // Of a new number the caller cannot know which it will be.
  (request.number === undefined || request.number === known.number)

// In the order of the type.
const rowFields = ['event', 'caller', 'key', 'count', 'value', 'number', ...requestFields] as const

/** Requests as PostgreSQL reads an array of the type `ledger_request`: `{"(issue,anonymous,…)"}`. */
export const toRows = (requests: readonly LedgerRequest[]): string => `{${requests.map(toRow).join(',')}}`

const toRow = (request: LedgerRequest): string => {
  const row = `(${rowFields.map((field) => toField(request[field])).join(',')})`
  // A backslash stands between quotes only.
  return row.includes('"') ? quoted(row) : `"${row}"`
}

const plain = /^[\w.:+/=@-]+$/

/** A field of a row; nothing at all is null. */
const toField = (value: string | number | undefined): string =>
  value === undefined
    ? ''
    : typeof value === 'number'
      ? String(value)
      : plain.test(value)
        ? value
        : quoted(value)

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`
