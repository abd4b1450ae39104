import type { NumberEvent, NumberState } from '@ordinal/audit'
import type { Authority } from '../core/holding'

/** A request for new numbers. */
export interface IssueRequest {
  prefix: string
  event: Extract<NumberEvent, 'issue' | 'reserve' | 'suppress'>
  /** How many numbers; more than one follow each other. */
  count: number
  /** How long a reserved number is kept without a confirmation. */
  holdSeconds?: number | undefined
  /** Who asks: idempotency keys belong to their caller. */
  caller: string
  /** Where the request came from; not on record. */
  address?: string | undefined
  /** The caller's key, with which the request may be repeated; one is made where there is none. */
  idempotencyKey?: string | undefined
  clientId?: string | undefined
  generatedBy?: string | undefined
  siteId?: string | undefined
  partitionId?: string | undefined
  invoiceType?: string | undefined
  /** As in `2026-11-21`; the day of the database's clock if not given. */
  businessDate?: string | undefined
  reason?: string | undefined
  requestId: string
}

/** Numbers of another system, which follow the counter: `skip` is for values that it left out. */
export interface ImportRequest extends Omit<IssueRequest, 'event'> {
  event: Extract<NumberEvent, 'import' | 'skip'>
}

/** A request to take a number on to another state. */
export interface ChangeRequest {
  prefix: string
  period: string
  value: number
  /** The number that the caller knows the value by. */
  number: string
  event: Extract<NumberEvent, 'confirm' | 'release' | 'expire' | 'void'>
  caller: string
  /** By what the caller may change numbers that it did not draw; `none` if not given. */
  authority?: Authority | undefined
  idempotencyKey?: string | undefined
  clientId?: string | undefined
  generatedBy?: string | undefined
  siteId?: string | undefined
  partitionId?: string | undefined
  reason?: string | undefined
  requestId: string
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

/** A request as the functions of the database read it, and as the hash chain has it. */
export interface LedgerRequest {
  event: NumberEvent
  caller: string
  key: string
  count: number
  /** Of a number that is changed. */
  value?: number | undefined
  number?: string | undefined
  hold_seconds?: number | undefined
  client_id?: string | undefined
  generated_by?: string | undefined
  site_id?: string | undefined
  partition_id?: string | undefined
  invoice_type?: string | undefined
  business_date?: string | undefined
  reason?: string | undefined
  request_id: string
  /** Of a number that is changed. It is no part of the ledger. */
  authority?: Authority | undefined
}

/** A request as the ledger takes it. */
export const toLedger = (
  request: IssueRequest | ImportRequest | ChangeRequest,
  key: string,
): LedgerRequest => ({
  event: request.event,
  caller: request.caller,
  key,
  client_id: request.clientId,
  generated_by: request.generatedBy,
  site_id: request.siteId,
  partition_id: request.partitionId,
  reason: request.reason,
  request_id: request.requestId,
  ...('period' in request
    ? { count: 1, value: request.value, number: request.number, authority: request.authority }
    : {
        count: request.count,
        hold_seconds: request.holdSeconds,
        invoice_type: request.invoiceType,
        business_date: request.businessDate,
      }),
})

/** A number that a key got before, as the ledger has it. */
export interface ReplayedNumber {
  /** Which request of the batch, counted from 1. */
  request: number
  item: number
  event: NumberEvent
  state: NumberState
  period: string
  value: number
  number: string
  hold_seconds: number | null
  client_id: string | null
  generated_by: string | null
  site_id: string | null
  partition_id: string | null
  invoice_type: string | null
  business_date: string | null
  reason: string | null
}

// What must be the same for a repeated request to be the same request: not who asked, nor in which HTTP request.
const ownFields = [
  'event',
  'count',
  'hold_seconds',
  'client_id',
  'generated_by',
  'site_id',
  'partition_id',
  'invoice_type',
  'business_date',
  'reason',
] as const

type OwnFields = { [Field in (typeof ownFields)[number] | 'number']?: string | number | null | undefined }

/** Whether a request is the one that is known by its key. */
export const sameRequest = (request: LedgerRequest, known: OwnFields) =>
  ownFields.every((field) => (request[field] ?? null) === (known[field] ?? null)) &&
  // Of a new number the caller cannot know which it will be.
  (request.number === undefined || request.number === known.number)
