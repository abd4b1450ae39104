import type { NumberEvent, NumberState } from '@ordinal/audit'
import { AppError } from '@ordinal/errors'
import type { Queryable } from '@ordinal/database'
import type { Rules } from '../core/rules'
import { readCounter } from './statements'

/** A value, found by a number that it has, or once had. */
export interface FoundNumber {
  prefix: string
  period: string
  value: number
}

/**
 * Finds the value of a number.
 *
 * @param prefix its sequence; needed only where several sequences have issued such a number
 * @throws AppError `number_not_found`, `number_ambiguous`
 */
export async function findNumber(
  db: Queryable,
  number: string,
  prefix: string | undefined,
): Promise<FoundNumber> {
  const { rows } = await db.query<FoundNumber>({
    name: 'find_number',
    text: `SELECT DISTINCT prefix, period, value FROM public.ledger
           WHERE number = $1 AND ($2::text IS NULL OR prefix = $2) ORDER BY prefix LIMIT 10`,
    values: [number, prefix ?? null],
  })
  if (!rows[0]) throw new AppError('number_not_found', `No sequence has issued "${number}"`)
  if (rows.length > 1) {
    const prefixes = rows.map((row) => row.prefix).join(' and ')
    throw new AppError('number_ambiguous', `"${number}" was issued by ${prefixes}: say which with ?prefix=`)
  }
  return rows[0]
}

/** A step in the life of a value. */
export interface HistoryEntry {
  revision: number
  event: NumberEvent
  state: NumberState
  number: string
  caller: string
  hold_seconds: number | null
  client_id: string | null
  generated_by: string | null
  site_id: string | null
  partition_id: string | null
  invoice_type: string | null
  business_date: string | null
  reason: string | null
  request_id: string | null
  at: Date
}

/** All that ever happened to a value, the first step first. */
export async function readHistory(
  db: Queryable,
  { prefix, period, value }: FoundNumber,
): Promise<HistoryEntry[]> {
  const { rows } = await db.query<HistoryEntry>({
    name: 'read_history',
    text: `SELECT revision, event, state, number, caller, hold_seconds, client_id, generated_by, site_id, partition_id,
                  invoice_type, business_date::text, reason, request_id, at
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
  at: Date
}

/**
 * Values up to a period's counter that no document holds, in ascending order.
 *
 * @param after goes on after this value
 */
export async function readGaps(
  db: Queryable,
  prefix: string,
  period: string,
  state: 'free' | 'void' | undefined,
  after: number,
  limit: number,
): Promise<Gap[]> {
  const { rows } = await db.query<Gap>({
    name: 'read_gaps',
    text: `SELECT gap.value, last.state, last.number, last.event, last.reason, last.at
           FROM (
             (SELECT f.value FROM public.free_values f
              WHERE f.prefix = $1 AND f.period = $2 AND f.value > $4 AND $3 IS DISTINCT FROM 'void'
              ORDER BY f.value LIMIT $5)
             UNION ALL
             (SELECT v.value FROM public.ledger v
              WHERE v.prefix = $1 AND v.period = $2 AND v.value > $4 AND v.state = 'void' AND $3 IS DISTINCT FROM 'free'
              ORDER BY v.value LIMIT $5)
           ) gap, LATERAL (
             SELECT l.* FROM public.ledger l WHERE l.prefix = $1 AND l.period = $2 AND l.value = gap.value
             ORDER BY l.revision DESC LIMIT 1
           ) last
           ORDER BY gap.value LIMIT $5`,
    values: [prefix, period, state ?? null, after, limit],
  })
  return rows
}

/**
 * The values that a request for so many numbers would get now, and nobody gets by this: in ascending order.
 *
 * @param start the first value of a period that has not begun
 */
export async function previewValues(
  db: Queryable,
  { prefix, start, gapPolicy }: Pick<Rules, 'prefix' | 'start' | 'gapPolicy'>,
  period: string,
  count: number,
): Promise<number[]> {
  // As in issue_numbers: several follow each other, and so are new.
  const free = count === 1 && gapPolicy === 'recycle' ? await lowestFree(db, prefix, period) : null
  if (free !== null) return [free]
  const counter = await readCounter(db, prefix, period)
  const first = counter ? counter.lastValue + 1 : start
  return Array.from({ length: count }, (_, index) => first + index)
}

/** The lowest value of a period that is free; null if none is. */
export async function lowestFree(db: Queryable, prefix: string, period: string): Promise<number | null> {
  const { rows } = await db.query<{ lowest: number | null }>({
    name: 'lowest_free',
    text: 'SELECT min(value) AS lowest FROM public.free_values WHERE prefix = $1 AND period = $2',
    values: [prefix, period],
  })
  return rows[0]!.lowest
}

/** A value in one period: the number that it has now, its state, and who has drawn it. */
export interface DrawnValue extends FoundNumber {
  number: string
  state: NumberState
  siteId: string | null
  partitionId: string | null
}

/** A value in every period in which it was drawn, the latest first. */
export async function valueInPeriods(db: Queryable, prefix: string, value: number): Promise<DrawnValue[]> {
  const { rows } = await db.query<DrawnValue>({
    name: 'value_in_periods',
    text: `SELECT c.prefix, c.period, last.value, last.number, last.state,
                  drawn.site_id AS "siteId", drawn.partition_id AS "partitionId"
           FROM public.counters c
           CROSS JOIN LATERAL (
             SELECT l.value, l.number, l.state FROM public.ledger l
             WHERE l.prefix = c.prefix AND l.period = c.period AND l.value = $2 ORDER BY l.revision DESC LIMIT 1
           ) last
           LEFT JOIN LATERAL (
             SELECT l.site_id, l.partition_id FROM public.ledger l
             WHERE l.prefix = c.prefix AND l.period = c.period AND l.value = $2
               AND l.event IN ('issue', 'reserve', 'suppress', 'import')
             ORDER BY l.revision DESC LIMIT 1
           ) drawn ON true
           WHERE c.prefix = $1 ORDER BY c.period DESC`,
    values: [prefix, value],
  })
  return rows
}

/** The value that a step with this key was about, with the number that it had then; undefined if there is none. */
export async function valueOfStep(
  db: Queryable,
  { prefix, caller, idempotencyKey }: { prefix: string; caller: string; idempotencyKey: string },
): Promise<(FoundNumber & { number: string }) | undefined> {
  const { rows } = await db.query<FoundNumber & { number: string }>({
    name: 'value_of_step',
    text: `SELECT prefix, period, value, number FROM public.ledger
           WHERE idempotency_key = $1 AND caller = $2 AND prefix = $3 AND item = 0`,
    values: [idempotencyKey, caller, prefix],
  })
  return rows[0]
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
