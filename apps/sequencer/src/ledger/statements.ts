import type { Frame, NumberState } from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'
import type { Refusal } from '../domain/holding'
import type { Sequence } from '../domain/sequence'
import { onServer, OtherServerError } from './other-server'
import { toRows, type LedgerRequest, type ReplayedNumber } from './request'

export interface IssuedBatch {
  /** Where the numbers belong, and what they look like. */
  period: string
  frame: Frame
  /** Those that were free, which requests for one number take first, in their order. */
  recycled: number[]
  /** The first of the new values, which follow each other in the order of the requests; null if there are none. */
  firstValue: number | null
  replays: ReplayedNumber[]
}

/**
 * Gives numbers to a batch of requests, in one transaction of one statement. Their period and frame follow from the
 * rules and the date, by the database's own reading of both.
 *
 * @param date the business date of all; undefined: the day of the database's clock
 * @param lookUp some keys may have been used before: those requests get what they got then
 * @param only.expected what the first new value has to be, if that matters
 * @param only.server the server on which it may be done; any, if not given
 * @throws OtherServerError
 */
export async function issueNumbers(
  db: Queryable,
  { rules }: Sequence,
  date: string | undefined,
  requests: readonly LedgerRequest[],
  lookUp: boolean,
  { expected, server }: { expected?: number; server?: string | undefined } = {},
): Promise<IssuedBatch> {
  const { rows } = await db.query<{
    period: string
    head: string
    width: number
    tail: string
    first_value: number | null
    recycled: number[]
    replays: ReplayedNumber[] | null
  }>({
    name: 'issue_numbers',
    text: `SELECT period, number_head AS head, number_width AS width, number_tail AS tail, first_value, recycled, replays
           FROM public.issue_numbers($1, $2, $3, $4, $5, $6) WHERE ${onServer('$7')}`,
    values: [
      rules.prefix,
      rules.version,
      date ?? null,
      toRows(requests),
      lookUp,
      expected ?? null,
      server ?? null,
    ],
  })
  if (!rows[0]) throw new OtherServerError()
  const { period, first_value, recycled, replays, ...frame } = rows[0]
  return { period, frame, firstValue: first_value, recycled, replays: replays ?? [] }
}

/** Requests for numbers of one sequence and one business date. */
export interface ManyRequests {
  /** Unknown ones are left. */
  sequence: Sequence | undefined
  requests: readonly LedgerRequest[]
}

/**
 * Gives one new number to each request of several sequences, in one transaction of one statement. Returns undefined for
 * those that it left, because they need more than that, would be refused, or would have to wait; and for all, if the server
 * is another one than that given.
 *
 * @param lookUp some keys may have been used before: what they belong to is left
 */
export async function issueMany(
  db: Queryable,
  many: readonly ManyRequests[],
  lookUp: boolean,
  server?: string,
): Promise<(IssuedBatch | undefined)[]> {
  const known = many.flatMap(({ sequence, requests }) =>
    sequence ? requests.map((request) => ({ rules: sequence.rules, request })) : [],
  )
  const { rows } = await db.query<{
    prefix: string
    business_date: string | null
    period: string
    head: string
    width: number
    tail: string
    first_value: number
  }>({
    name: 'issue_many',
    text: `SELECT prefix, business_date::text, period, number_head AS head, number_width AS width, number_tail AS tail, first_value
           FROM public.issue_many($1, $2, $3, $4) WHERE ${onServer('$5')}`,
    values: [
      known.map(({ rules }) => rules.prefix),
      known.map(({ rules }) => rules.version),
      toRows(known.map(({ request }) => request)),
      lookUp,
      server ?? null,
    ],
  })
  const issued = new Map(rows.map((row) => [slotName(row.prefix, row.business_date), row]))
  return many.map(({ requests: [first] }) => {
    const its = first && issued.get(slotName(first.prefix, first.business_date))
    if (!its) return undefined
    const { period, head, width, tail, first_value } = its
    return { period, frame: { head, width, tail }, firstValue: first_value, recycled: [], replays: [] }
  })
}

const slotName = (prefix: string, date: string | null | undefined) => `${prefix}\n${date ?? ''}`

/**
 * What the keys of some requests got before, committed for good: where replication is synchronous, the statement waits
 * for the standby as those that wrote it did.
 */
export async function findReplays(
  db: Queryable,
  prefix: string,
  requests: readonly LedgerRequest[],
): Promise<ReplayedNumber[]> {
  const { rows } = await db.query<{ replays: ReplayedNumber[] | null }>({
    name: 'find_replays',
    text: `WITH written AS MATERIALIZED (SELECT pg_logical_emit_message(true, 'ordinal', ''))
           SELECT public.replays_of($1, $2) AS replays FROM written`,
    values: [prefix, toRows(requests)],
  })
  return rows[0]!.replays ?? []
}

/** What became of a request to change a number: the state that it made, or that forbade it. */
export interface Outcome {
  /** Which request of the batch, counted from 1. */
  request: number
  done: boolean
  state: NumberState
  value: number
  number: string
  /** When the lease of a number that stays reserved ends, or ended. */
  expires_at: string | null
  /** Why the caller may not change the number. */
  refusal?: Refusal | null
  /** Which site has drawn a number that was not changed. */
  site_id?: string | null
  partition_id?: string | null
}

export interface ChangedBatch {
  outcomes: Outcome[]
  replays: ReplayedNumber[]
}

/**
 * Takes numbers on to their next state, in the order of the requests, in one transaction of one statement.
 *
 * @param lookUp some keys may have been used before: what those did is given back
 * @param server the server on which it may be done; any, if not given
 * @throws OtherServerError
 */
export async function changeNumbers(
  db: Queryable,
  { rules }: Sequence,
  period: string,
  requests: readonly LedgerRequest[],
  lookUp: boolean,
  server?: string,
): Promise<ChangedBatch> {
  const { rows } = await db.query<{ outcomes: Outcome[] | null; replays: ReplayedNumber[] | null }>({
    name: 'change_numbers',
    text: `SELECT outcomes, replays FROM public.change_numbers($1, $2, $3, $4, $5, $6)
           WHERE ${onServer('$7')}`,
    values: [
      rules.prefix,
      period,
      rules.version,
      toRows(requests),
      requests.map(({ authority }) => authority ?? 'none'),
      lookUp,
      server ?? null,
    ],
  })
  if (!rows[0]) throw new OtherServerError()
  const { outcomes, replays } = rows[0]
  return { outcomes: outcomes ?? [], replays: replays ?? [] }
}
