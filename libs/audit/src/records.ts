import type { RequestColumns } from './request-fields'
import type { GapPolicy, NumberEvent, NumberState } from './states'

// The ledger as its export and its verification have it: the columns of the tables, by their names. Times are RFC 3339
// in UTC with microseconds, hashes are in hexadecimal.

/** A step of a value: a row of the ledger. */
export interface EntryRecord extends RequestColumns {
  type: 'entry'
  prefix: string
  period: string
  batch: number
  /** Of the row in its batch, from 1. */
  position: number
  value: number
  /** Which step of the value it is, from 1. */
  revision: number
  event: NumberEvent
  /** After the event. */
  state: NumberState
  number: string
  caller: string
  idempotency_key: string
  /** Which number of its request, from 0. */
  item: number
  at: string
}

/** A row whose batch is not there. */
export type StrayRecord = Omit<EntryRecord, 'type'> & { type: 'stray' }

/** What one commit wrote: a link of the counter's chain. */
export interface BatchRecord {
  type: 'batch'
  prefix: string
  period: string
  batch: number
  rules_version: number
  gap_policy: GapPolicy
  /** With width and tail the frame of its new numbers; all null in a batch of later steps. */
  number_head: string | null
  number_width: number | null
  number_tail: string | null
  rows: number
  /** How the hash is made: 1 or 2 (docs/audit.md); exports from before there was another do not say. */
  format?: number
  hash: string
  feed: number
  at: string
}

/** A counter, and which part of its chain follows. */
export interface CounterRecord {
  type: 'counter'
  prefix: string
  period: string
  first_value: number
  last_value: number
  reserved: number
  free: number
  void: number
  /** Its last batch, and the hash of that. */
  batch: number
  head: string
  feed: number
  /** The part that follows comes after this batch, which has this hash; 0 and zeros if it is the whole chain. */
  after_batch: number
  after_hash: string
  /** And ends with this batch. */
  through_batch: number
  /** False if the ledger has rows or batches of a counter that is not there. */
  exists?: boolean
}

/**
 * A link of the chain of rules, sites, managed API keys, closed periods and configured keys: what was written, as the text of
 * a JSON object.
 */
export interface RegisterRecord {
  type: 'register'
  entry: number
  kind: 'rules' | 'site' | 'api_key' | 'closed_period' | 'keys'
  name: string
  version: number
  content: string
  hash: string
  at: string
}

/** A row that the register has an entry of, as its table has it now. */
export interface RegisteredRecord {
  type: 'registered'
  kind: RegisterRecord['kind']
  name: string
  version: number
  content: string
}

/** The first line of an export: when it was made, and what was asked for. */
export interface ExportRecord {
  type: 'export'
  /** The first had no register. */
  format: 'ordinal-export-v1' | 'ordinal-export-v2'
  at: string
  prefix: string | null
  period: string | null
  from: string | null
  to: string | null
}

/** The last line of an export: one that was cut off does not have it. */
export interface EndRecord {
  type: 'end'
  /** Lines of both kinds; exports of the first format do not have it. */
  register?: number
  counters: number
  batches: number
  entries: number
}
