import type { Queryable } from '@ordinal/database'
import { AppError } from '../domain/errors'
import { dateText, dayOf } from '../domain/calendar'
import { releasedLeft, valuesLeft } from '../domain/range'
import type { Rules } from '../domain/rules'
import { outOfOrder } from './business-date'
import { exhausted } from './range-end'

/** The database's clock, by which numbers are dated, in ms since 1970. */
export async function readClock(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ now: number }>({
    name: 'read_clock',
    text: `SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::double precision AS now`,
  })
  return rows[0]!.now
}

/** Where a counter is. */
interface CounterStatus {
  lastValue: number
  reserved: number
  free: number
  /** How many of the free values are above the end, where there is one: they are not issued again. */
  freeAboveEnd: number
  void: number
}

/** How many free values of the counter `c` are above an end; only a period that is over can have some. */
export const freeAbove = (end: string) => `CASE WHEN c.last_value > ${end} AND c.free > 0 THEN (
    SELECT count(*)::int FROM public.free_values f
    WHERE f.prefix = c.prefix AND f.period = c.period AND f.value > ${end}) ELSE 0 END`

/** Where the counter of a period is; null if nothing was issued in it. */
export async function readCounter(
  db: Queryable,
  prefix: string,
  period: string,
  end: number | null,
): Promise<CounterStatus | null> {
  const { rows } = await db.query<CounterStatus>({
    name: 'read_counter',
    text: `SELECT c.last_value AS "lastValue", c.reserved, c.free, c.void, ${freeAbove('$3::bigint')} AS "freeAboveEnd"
           FROM public.counters c WHERE c.prefix = $1 AND c.period = $2`,
    values: [prefix, period, end],
  })
  return rows[0] ?? null
}

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

/** What `previewValues` finds. */
export interface Previewed {
  /** In ascending order. */
  values: number[]
  /** How many values can still be issued; undefined if the sequence has no end. */
  left: number | undefined
}

/**
 * The values that a request for so many numbers would get now, and nobody gets by this.
 *
 * @throws AppError `sequence_exhausted`
 */
export async function previewValues(
  db: Queryable,
  rules: Pick<Rules, 'prefix' | 'start' | 'end' | 'gapPolicy'>,
  period: string,
  count: number,
): Promise<Previewed> {
  const { prefix, start, gapPolicy } = rules
  const end = rules.end ?? Number.MAX_SAFE_INTEGER
  const counter = (await readCounter(db, prefix, period, rules.end)) ?? undefined
  const left = valuesLeft(rules, counter)
  // As in issue_numbers: several follow each other, and so are new.
  const free = count === 1 && gapPolicy === 'recycle' ? await lowestFree(db, prefix, period) : null
  if (free !== null && free <= end) return { values: [free], left }
  const first = counter ? counter.lastValue + 1 : start
  const fresh = Math.max(0, end - first + 1)
  if (count > fresh)
    throw exhausted(prefix, count, { period, end, left: fresh, free: releasedLeft(rules, counter) })
  return { values: Array.from({ length: count }, (_, index) => first + index), left }
}

/**
 * Refuses a date that a chronological sequence refuses now, as issue_numbers would.
 *
 * @param date undefined: without a business date
 * @throws AppError `out_of_order_date`
 */
export async function requireInOrder(
  db: Queryable,
  { prefix, timeZone, chronological }: Pick<Rules, 'prefix' | 'timeZone' | 'chronological'>,
  period: string,
  date: string | undefined,
): Promise<void> {
  if (!chronological) return
  const { rows } = await db.query<{
    number: string
    businessDate: string | null
    atMs: number
    timeZone: string
    nowMs: number
  }>({
    name: 'read_last_date',
    text: `SELECT l.number, l.business_date::text AS "businessDate", s.time_zone AS "timeZone",
                  floor(extract(epoch FROM l.at) * 1000)::double precision AS "atMs",
                  floor(extract(epoch FROM clock_timestamp()) * 1000)::double precision AS "nowMs"
           FROM public.counters c
           JOIN public.ledger l ON l.prefix = c.prefix AND l.period = c.period AND l.value = c.last_value
           JOIN public.batches b ON b.prefix = l.prefix AND b.period = l.period AND b.batch = l.batch
           JOIN public.sequences s ON s.prefix = b.prefix AND s.version = b.rules_version
           WHERE c.prefix = $1 AND c.period = $2 ORDER BY l.revision LIMIT 1`,
    values: [prefix, period],
  })
  const [last] = rows
  if (!last) return
  const asked = date ?? dateText(dayOf(last.nowMs, timeZone).date)
  const lastDate = last.businessDate ?? dateText(dayOf(last.atMs, last.timeZone).date)
  if (asked < lastDate)
    throw outOfOrder(prefix, { date: asked, last_date: lastDate, last_number: last.number })
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

/** A period in which nothing more is issued. */
export interface ClosedPeriod {
  prefix: string
  period: string
  closedAt: Date
  closedBy: string
  reason: string
}

/** When and by whom a period was closed; undefined if it is open. */
export async function findClosed(
  db: Queryable,
  prefix: string,
  period: string,
): Promise<ClosedPeriod | undefined> {
  const { rows } = await db.query<ClosedPeriod>({
    name: 'find_closed',
    text: `SELECT prefix, period, closed_at AS "closedAt", closed_by AS "closedBy", reason
           FROM public.closed_periods WHERE prefix = $1 AND period = $2`,
    values: [prefix, period],
  })
  return rows[0]
}
