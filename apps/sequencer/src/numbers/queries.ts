import {
  requestFields,
  typeOf,
  type NumberEvent,
  type NumberState,
  type RequestColumns,
} from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'
import type { FoundNumber } from '../ledger/queries'

/** A step in the life of a value. */
export interface HistoryEntry extends RequestColumns {
  revision: number
  event: NumberEvent
  state: NumberState
  number: string
  caller: string
  at: Date
}

const columnList = requestFields
  .map((field) => (typeOf(field) === 'date' ? `${field}::text` : field))
  .join(', ')

/** All that ever happened to a value, the first step first. */
export async function readHistory(
  db: Queryable,
  { prefix, period, value }: FoundNumber,
): Promise<HistoryEntry[]> {
  const { rows } = await db.query<HistoryEntry>({
    name: 'read_history',
    text: `SELECT revision, event, state, number, caller, ${columnList}, at
           FROM public.ledger WHERE prefix = $1 AND period = $2 AND value = $3 ORDER BY revision`,
    values: [prefix, period, value],
  })
  return rows
}

/** A value that no document holds, and the step that made it so. */
export interface Gap {
  value: number
  state: 'free' | 'void'
  number: string
  event: NumberEvent
  reason: string | null
  caller: string
  at: Date
}

/**
 * Values up to a period's counter that no document holds, in ascending order.
 *
 * @param after goes on after this value
 * @param to up to this one
 */
export async function readGaps(
  db: Queryable,
  {
    prefix,
    period,
    state,
    after,
    to,
    limit,
  }: {
    prefix: string
    period: string
    state: 'free' | 'void' | undefined
    after: number
    to: number | undefined
    limit: number
  },
): Promise<Gap[]> {
  const { rows } = await db.query<Gap>({
    name: 'read_gaps',
    text: `SELECT gap.value, last.state, last.number, last.event, last.reason, last.caller, last.at
           FROM (
             (SELECT f.value FROM public.free_values f WHERE f.prefix = $1 AND f.period = $2
                AND f.value > $4 AND f.value <= $6 AND $3 IS DISTINCT FROM 'void'
              ORDER BY f.value LIMIT $5)
             UNION ALL
             (SELECT v.value FROM public.ledger v WHERE v.prefix = $1 AND v.period = $2
                AND v.value > $4 AND v.value <= $6 AND v.state = 'void' AND $3 IS DISTINCT FROM 'free'
              ORDER BY v.value LIMIT $5)
           ) gap, LATERAL (
             SELECT l.* FROM public.ledger l WHERE l.prefix = $1 AND l.period = $2 AND l.value = gap.value
             ORDER BY l.revision DESC LIMIT 1
           ) last
           ORDER BY gap.value LIMIT $5`,
    values: [prefix, period, state ?? null, after, limit, to ?? Number.MAX_SAFE_INTEGER],
  })
  return rows
}

/** The value of a number that a step with this key was about, in whichever sequence; undefined if not in just one. */
export async function findStep(
  db: Queryable,
  number: string,
  { caller, idempotencyKey }: { caller: string; idempotencyKey: string },
): Promise<FoundNumber | undefined> {
  const { rows } = await db.query<FoundNumber>({
    name: 'find_step',
    text: `SELECT prefix, period, value FROM public.ledger
           WHERE idempotency_key = $1 AND caller = $2 AND item = 0 AND number = $3
             AND event IN ('confirm', 'release', 'void') LIMIT 2`,
    values: [idempotencyKey, caller, number],
  })
  return rows.length === 1 ? rows[0] : undefined
}

/** A number whose lease has ended. */
export interface ExpiredLease extends FoundNumber {
  number: string
}

/** Leases that have ended by the database's clock, the oldest first. */
export async function expiredLeases(db: Queryable, limit: number): Promise<ExpiredLease[]> {
  const { rows } = await db.query<ExpiredLease>({
    name: 'expired_leases',
    text: `SELECT prefix, period, value, number FROM public.leases
           WHERE expires_at <= clock_timestamp() ORDER BY expires_at LIMIT $1`,
    values: [limit],
  })
  return rows
}
