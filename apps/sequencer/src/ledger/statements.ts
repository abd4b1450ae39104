import type { Queryable } from '@ordinal/database'
import type { Sequence, Slot } from '../core/sequence'
import type { NumberState } from '../core/states'
import { batchHeader, requestDigest, type ChainedRequest } from './chain'

/** One request of a batch, with the fields as the database function reads them. */
export type BatchedRequest = ChainedRequest

/** A number that a request got when it was made before. */
export interface ReplayedNumber {
  /** Which request of the batch, counted from 1. */
  request: number
  item: number
  period: string
  value: number
  number: string
  state: NumberState
  client_id: string | null
  generated_by: string | null
  business_date: string | null
}

export interface BatchResult {
  /** The first of the new values, which follow each other in the order of the requests; null if there is none. */
  firstValue: number | null
  replays: ReplayedNumber[]
}

/**
 * Issues numbers to a batch of requests, in one transaction of one statement.
 *
 * @param lookUp some keys may have been used before: those requests get what they got then
 */
export async function issueNumbers(
  db: Queryable,
  { rules }: Sequence,
  { period, frame, window }: Slot,
  requests: readonly BatchedRequest[],
  lookUp: boolean,
): Promise<BatchResult> {
  const { rows } = await db.query<{ first_value: number | null; replays: ReplayedNumber[] | null }>({
    name: 'issue_numbers',
    text: `SELECT first_value, replays
           FROM public.issue_numbers($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    values: [
      rules.prefix,
      period,
      rules.version,
      rules.start,
      frame.head,
      frame.width,
      frame.tail,
      window && new Date(window.fromMs),
      window && new Date(window.untilMs),
      JSON.stringify(requests),
      Buffer.concat(requests.map(requestDigest)),
      batchHeader(rules.prefix, period, frame, rules.version),
      lookUp,
    ],
  })
  const { first_value, replays } = rows[0]!
  return { firstValue: first_value, replays: replays ?? [] }
}

/** Where a counter is. */
export interface CounterStatus {
  lastValue: number
  /** Values at or below the counter that no document holds. */
  gaps: number
  reserved: number
}

/** Where the counter of a period is; null if nothing was issued in it. */
export async function readCounter(
  db: Queryable,
  prefix: string,
  period: string,
): Promise<CounterStatus | null> {
  const { rows } = await db.query<{ last_value: number; gaps: number; reserved: number }>({
    name: 'read_counter',
    // Few values were ever not issued: their latest events are looked at, and no others.
    text: `SELECT c.last_value, s.gaps, s.reserved
           FROM public.counters c, LATERAL (
             SELECT count(*) FILTER (WHERE latest.state IN ('free', 'void'))::int AS gaps,
                    count(*) FILTER (WHERE latest.state = 'reserved')::int AS reserved
             FROM (SELECT DISTINCT l.value FROM public.ledger l
                   WHERE l.prefix = c.prefix AND l.period = c.period AND l.state <> 'issued') touched,
                  LATERAL (SELECT l.state FROM public.ledger l
                           WHERE l.prefix = c.prefix AND l.period = c.period AND l.value = touched.value
                           ORDER BY l.revision DESC LIMIT 1) latest) s
           WHERE c.prefix = $1 AND c.period = $2`,
    values: [prefix, period],
  })
  const row = rows[0]
  return row ? { lastValue: row.last_value, gaps: row.gaps, reserved: row.reserved } : null
}
