import type { EntryRecord } from '@ordinal/audit'
import { databaseErrorOf, transaction, type Queryable } from '@ordinal/database'
import { AppError } from '../../domain/errors'
import type { Pool } from 'pg'
import { entryColumns } from './columns'

/** A place in the order over all counters: after this row, or before it. */
export type FeedPlace = readonly [
  feed: number,
  prefix: string,
  period: string,
  batch: number,
  position: number,
]

/** Before the first row. */
export const feedStart: FeedPlace = [0, '', '', 0, 0]

/** A row of the ledger, and its place. */
export interface FedEntry extends Omit<EntryRecord, 'type'> {
  feed: number
}

/** Only what is complete: nothing appears before what is below this (docs/decisions/0022). */
const complete = 'b.feed < pg_snapshot_xmin(pg_current_snapshot())::text::bigint'

/**
 * Which rows of `l` are those of a batch. Their positions go from 1 to the batch's count; it is said again since by its
 * statistics the database may expect a large part of a young ledger in each batch, and then reads all of it for each.
 */
const isOf = (batch: string) =>
  `l.prefix = ${batch}.prefix AND l.period = ${batch}.period AND l.batch = ${batch}.batch AND l.position BETWEEN 1 AND ${batch}.rows`

/** The rows that come after a place, in the order that is the same for every caller. */
export async function readFeed(db: Queryable, after: FeedPlace, limit: number): Promise<FedEntry[]> {
  const [feed, prefix, period, batch, position] = after
  const { rows } = await db.query<FedEntry>(
    `SELECT ${entryColumns}, page.feed
     FROM (
       SELECT b.*, sum(b.rows) OVER (ORDER BY b.feed, b.prefix, b.period, b.batch) - b.rows AS rows_before
       FROM (SELECT b.feed, b.prefix, b.period, b.batch, b.rows FROM public.batches b
             WHERE (b.feed, b.prefix, b.period, b.batch) >= ($1, $2, $3, $4) AND ${complete}
             ORDER BY b.feed, b.prefix, b.period, b.batch LIMIT $6 + 1) b
     ) page, LATERAL (
       SELECT * FROM public.ledger l
       WHERE ${isOf('page')}
         AND (l.position > $5::bigint OR (page.feed, page.prefix, page.period, page.batch) <> ($1, $2, $3, $4))
       ORDER BY l.position
     ) l
     -- No more batches than can be needed: those before have enough rows, also without the ones that were read.
     WHERE page.rows_before < $5::bigint + $6
     ORDER BY page.feed, page.prefix, page.period, page.batch, l.position LIMIT $6`,
    [feed, prefix, period, batch, position, limit],
  )
  return rows
}

/** What a batch did, of one kind. */
export interface BatchEvent {
  feed: number
  prefix: string
  period: string
  batch: number
  /** Of the whole batch. */
  rows: number
  event: EntryRecord['event']
  count: number
  first_number: string
  last_number: string
  at: Date
}

/** What the batches after a place did, in their order; those of one batch follow each other. */
export async function readBatchEvents(
  db: Queryable,
  after: FeedPlace,
  batches: number,
): Promise<BatchEvent[]> {
  const [feed, prefix, period, batch] = after
  const { rows } = await db.query<BatchEvent>(
    `SELECT b.feed, b.prefix, b.period, b.batch, b.rows, l.event, l.count, ${numberAt('l.first')} AS first_number,
            ${numberAt('l.last')} AS last_number, b.at
     FROM (SELECT b.* FROM public.batches b
           WHERE (b.feed, b.prefix, b.period, b.batch) > ($1, $2, $3, $4) AND ${complete}
           ORDER BY b.feed, b.prefix, b.period, b.batch LIMIT $5) b,
          LATERAL (
            SELECT l.event, count(*), min(l.position) AS first, max(l.position) AS last
            FROM public.ledger l WHERE ${isOf('b')}
            GROUP BY l.event
          ) l
     ORDER BY b.feed, b.prefix, b.period, b.batch, l.first`,
    [feed, prefix, period, batch, batches],
  )
  return rows
}

const numberAt = (position: string) => `
  (SELECT n.number FROM public.ledger n
   WHERE n.prefix = b.prefix AND n.period = b.period AND n.batch = b.batch AND n.position = ${position})`

/** Whether a place comes after another. */
export function comesAfter(place: FeedPlace, other: FeedPlace): boolean {
  const at = place.findIndex((part, index) => part !== other[index])
  // Texts as the database has them, by their code points; all that is in them is ASCII.
  return at >= 0 && place[at]! > other[at]!
}

/** The end of what is complete: what comes after it is new. */
export async function feedEnd(db: Queryable): Promise<FeedPlace> {
  const { rows } = await db.query<{ feed: number }>(
    'SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS feed',
  )
  return [rows[0]!.feed, '', '', 0, 0]
}

/** What a list of rows is asked for; what is not given does not matter. */
export interface EntryFilter {
  prefix?: string | undefined
  period?: string | undefined
  state?: string | undefined
  event?: string | undefined
  number?: string | undefined
  client_id?: string | undefined
  generated_by?: string | undefined
  site_id?: string | undefined
  invoice_type?: string | undefined
  request_id?: string | undefined
  caller?: string | undefined
  from?: Date | undefined
  to?: Date | undefined
}

const searchLimitMs = 5_000

/**
 * Rows, the newest first. What has no index is looked for row by row, but not for long.
 *
 * @param before goes on before this place
 * @throws AppError `search_too_long`
 */
export async function listEntries(
  pool: Pool,
  filter: EntryFilter,
  before: FeedPlace | undefined,
  limit: number,
): Promise<FedEntry[]> {
  try {
    return await transaction(
      pool,
      async (tx) => {
        await tx.query(`SET LOCAL statement_timeout = ${searchLimitMs}`)
        return selectEntries(tx, filter, before, limit)
      },
      { timeoutMs: 2 * searchLimitMs },
    )
  } catch (error) {
    if (databaseErrorOf(error)?.kind !== 'query_canceled') throw error
    const detail = `Not enough rows were found within ${searchLimitMs / 1000} s: say more of what you look for`
    throw new AppError('search_too_long', detail, { cause: error })
  }
}

async function selectEntries(
  db: Queryable,
  { from, to, ...equal }: EntryFilter,
  before: FeedPlace | undefined,
  limit: number,
): Promise<FedEntry[]> {
  const values: unknown[] = []
  const value = (given: unknown) => `$${values.push(given)}`
  const conditions = Object.entries(equal).flatMap(([column, wanted]) =>
    wanted === undefined ? [] : [`l.${column} = ${value(wanted)}`],
  )
  // The rows of a batch have its time.
  if (from) conditions.push(`b.at >= ${value(from)}`)
  if (to) conditions.push(`b.at < ${value(to)}`)
  if (before)
    conditions.push(
      `(b.feed, b.prefix, b.period, b.batch) <= (${before.slice(0, 4).map(value).join(', ')})`,
      `(b.feed, b.prefix, b.period, b.batch, l.position) < (${before.map(value).join(', ')})`,
    )
  const { rows } = await db.query<FedEntry>(
    `SELECT ${entryColumns}, b.feed
     FROM public.batches b JOIN public.ledger l
       ON ${isOf('b')}
     ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
     ORDER BY b.feed DESC, b.prefix DESC, b.period DESC, b.batch DESC, l.position DESC LIMIT ${value(limit)}`,
    values,
  )
  return rows
}
