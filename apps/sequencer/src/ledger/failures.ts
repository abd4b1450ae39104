import { databaseErrorOf } from '@ordinal/database'
import { OtherServerError } from './other-server'

/** What to do about a batch that the database did not carry out. */
export type Remedy =
  /** The rules have changed: load them, and try again. */
  | 'reload_rules'
  /** Another day began while the statement waited: try again. */
  | 'try_again'
  /** A key of the batch has been used before: look the keys up. */
  | 'look_up'
  /** The database is away, or cannot write; nothing was written. Try again after a pause. */
  | 'wait'
  /** The same, but it may have been written: look the keys up, too. */
  | 'wait_and_look_up'
  /** Some of the requests ask for more values than are left; the others can be carried out. */
  | 'exhausted'
  /** The business date is before that of the last number; requests that were made before can be answered. */
  | 'out_of_order'
  /** The business date is outside the window of the rules. */
  | 'out_of_window'
  /** The template cannot show the year of the date. */
  | 'not_shown'
  /** The sequence is sealed, and a caller of the batch is not the one that may use it. */
  | 'sealed'
  /** The period is closed. */
  | 'closed'
  /** Another sequence has issued numbers of the same form. */
  | 'overlap'
  /** One of the requests cannot be carried out: try each alone. */
  | 'try_each'

/** Decides what to do after a failure of `issueNumbers`. */
export function remedyFor(error: unknown): Remedy {
  // Surely without effect, unlike a connection that was lost.
  if (error instanceof OtherServerError) return 'wait'
  const failure = databaseErrorOf(error)
  if (failure?.sqlState === 'OR001') return 'reload_rules'
  if (failure?.sqlState === 'OR002') return 'try_again'
  if (failure?.sqlState === 'OR020') return 'not_shown'
  if (failure?.sqlState === 'OR022') return 'out_of_window'
  if (failure?.sqlState === 'OR023') return 'closed'
  if (failure?.sqlState === 'OR025') return 'exhausted'
  if (failure?.sqlState === 'OR026') return 'out_of_order'
  if (failure?.sqlState === 'OR031') return 'overlap'
  if (failure?.sqlState === 'OR030') return 'sealed'
  switch (failure?.kind) {
    case 'unique_violation':
      return failure.constraint === 'ledger_idempotency_key_key' ? 'look_up' : 'try_each'
    case 'unreachable':
    case 'pool_timeout':
    case 'too_many_connections':
    case 'read_only':
    case 'serialization_failure':
    case 'deadlock':
    case 'lock_timeout':
    case 'query_canceled':
    case 'insufficient_resources':
    case 'system_error':
      return 'wait'
    case 'connection_lost':
    case 'query_timeout':
    case 'commit_unknown':
      return 'wait_and_look_up'
    default:
      return 'try_each'
  }
}

/** The window that the database gave with OR022; an end that is not bounded is empty. */
export function windowOf(error: unknown): { first: string; last: string } {
  const [first = '', last = ''] = ((error as { detail?: string }).detail ?? '').split('/')
  return { first, last }
}

/** What the database gave with OR025. */
export interface Exhausted {
  period: string
  end: number
  /** How many new values are left after the requests that can be carried out, and how many released ones. */
  left: number
  free: number
  /** Which requests of the batch cannot be carried out, counted from 1. */
  refused: number[]
}

/** What the database gave with OR026. */
export interface OutOfOrder {
  date: string
  last_date: string
  last_number: string
  refused: number[]
}

export const exhaustedOf = (error: unknown) => JSON.parse((error as { detail: string }).detail) as Exhausted
export const outOfOrderOf = (error: unknown) => JSON.parse((error as { detail: string }).detail) as OutOfOrder
