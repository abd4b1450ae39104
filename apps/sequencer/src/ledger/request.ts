import type { NumberState } from '../core/states'

/** A request for numbers, as it is written into the ledger. */
export interface IssueRequest {
  prefix: string
  /** How many numbers, all contiguous. */
  count: number
  /** Who asks: idempotency keys belong to their caller. */
  caller: string
  /** The caller's key, with which the request may be repeated; one is made where there is none. */
  idempotencyKey: string | undefined
  clientId: string | undefined
  generatedBy: string | undefined
  /** As in `2026-11-21`; the day of the database's clock if not given. */
  businessDate: string | undefined
  requestId: string
}

/** A number that was issued. */
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

/** What must be the same for a repeated request to be the same request. */
export interface Fingerprint {
  count: number
  clientId: string | null
  generatedBy: string | null
  businessDate: string | null
}

export const fingerprintOf = (request: IssueRequest): Fingerprint => ({
  count: request.count,
  clientId: request.clientId ?? null,
  generatedBy: request.generatedBy ?? null,
  businessDate: request.businessDate ?? null,
})

export const sameRequest = (a: Fingerprint, b: Fingerprint) =>
  a.count === b.count &&
  a.clientId === b.clientId &&
  a.generatedBy === b.generatedBy &&
  a.businessDate === b.businessDate
