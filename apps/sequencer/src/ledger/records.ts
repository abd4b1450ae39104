import type { BatchRecord, CounterRecord, EntryRecord, Step } from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'

const inUtc = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** The columns of `ledger l` as they are in a record. */
export const entryColumns = `l.prefix, l.period, l.batch, l.position, l.value, l.revision, l.event, l.state, l.number,
  l.caller, l.idempotency_key, l.item, l.hold_seconds, l.client_id, l.generated_by, l.site_id, l.partition_id,
  l.invoice_type, l.business_date::text, l.reason, l.request_id, ${inUtc('l.at')} AS at`

const batchColumns = `b.prefix, b.period, b.batch, b.rules_version, b.gap_policy, b.number_head, b.number_width,
  b.number_tail, b.rows, encode(b.hash, 'hex') AS hash, b.feed, ${inUtc('b.at')} AS at`

/** Whose chains: all, those of a sequence, or one. */
export interface Chosen {
  prefix?: string | undefined
  period?: string | undefined
}

/** A counter whose chain is to be read, as far as it goes. */
export interface ChainEnd extends CounterRecord {
  /** False if the ledger has rows of a counter that is not there. */
  exists: boolean
}

/** The names of all counters that any table knows; each costs a look at an index, however many rows it has. */
const named = (table: string) => `
  SELECT * FROM (
    WITH RECURSIVE name AS (
      (SELECT prefix, period FROM public.${table} ORDER BY prefix, period LIMIT 1)
      UNION ALL
      SELECT later.* FROM name, LATERAL (
        SELECT t.prefix, t.period FROM public.${table} t WHERE (t.prefix, t.period) > (name.prefix, name.period)
        ORDER BY t.prefix, t.period LIMIT 1) later
    )
    SELECT * FROM name
  ) ${table}`

/**
 * The counters as they are now, by prefix and period, with all of their chains.
 *
 * @param tx in a transaction of one snapshot, if anything is to be compared with it
 */
export async function readChainEnds(tx: Queryable, { prefix, period }: Chosen): Promise<ChainEnd[]> {
  const { rows } = await tx.query<ChainEnd>(
    `SELECT 'counter' AS type, n.prefix, n.period, c.prefix IS NOT NULL AS exists,
            coalesce(c.first_value, 1) AS first_value, coalesce(c.last_value, 0) AS last_value,
            coalesce(c.reserved, 0) AS reserved, coalesce(c.free, 0) AS free, coalesce(c.void, 0) AS void,
            coalesce(c.batch, 0) AS batch, encode(coalesce(c.head, ''), 'hex') AS head, coalesce(c.feed, 0) AS feed,
            0 AS after_batch, repeat('0', 64) AS after_hash,
            greatest(c.batch, (SELECT max(b.batch) FROM public.batches b WHERE b.prefix = n.prefix AND b.period = n.period),
                     0) AS through_batch
     FROM (${named('batches')} UNION ${named('ledger')} UNION SELECT prefix, period FROM public.counters) n
     LEFT JOIN public.counters c USING (prefix, period)
     WHERE ($1::text IS NULL OR n.prefix = $1) AND ($2::text IS NULL OR n.period = $2)
     ORDER BY n.prefix, n.period`,
    [prefix ?? null, period ?? null],
  )
  return rows
}

/** Where a part of a chain begins or ends. */
export interface Bounds {
  /** The batch with which it begins. */
  sinceBatch?: number | undefined
  /** The moment from which on it is, and the one before which it ends. */
  from?: Date | undefined
  to?: Date | undefined
}

/**
 * A part of a chain.
 *
 * @returns null if nothing of the chain is in it
 */
export async function partOf<Chain extends CounterRecord>(
  db: Queryable,
  chain: Chain,
  { sinceBatch, from, to }: Bounds,
): Promise<Chain | null> {
  const { prefix, period } = chain
  const lastBefore = (time: Date) => lastBatchBefore(db, chain, time)
  const after_batch = from ? await lastBefore(from) : Math.max(0, (sinceBatch ?? 1) - 1)
  const through_batch = to ? await lastBefore(to) : chain.through_batch
  if ((from || to || sinceBatch) && after_batch >= through_batch) return null
  if (after_batch === 0) return { ...chain, through_batch }
  const { rows } = await db.query<{ hash: string }>(
    `SELECT encode(hash, 'hex') AS hash FROM public.batches WHERE prefix = $1 AND period = $2 AND batch = $3`,
    [prefix, period, after_batch],
  )
  return { ...chain, after_batch, after_hash: rows[0]?.hash ?? '', through_batch }
}

/** The last batch before a moment, by bisection: batches have the times in which they follow each other. */
async function lastBatchBefore(
  db: Queryable,
  { prefix, period, through_batch }: CounterRecord,
  time: Date,
): Promise<number> {
  let [before, last] = [0, through_batch]
  while (before < last) {
    const middle = Math.ceil((before + last) / 2)
    const { rows } = await db.query<{ batch: number; before: boolean }>(
      `SELECT batch, at < $5 AS before FROM public.batches
       WHERE prefix = $1 AND period = $2 AND batch BETWEEN $3 AND $4 ORDER BY batch LIMIT 1`,
      [prefix, period, middle, last, time],
    )
    if (rows[0]?.before) before = rows[0].batch
    else last = middle - 1
  }
  return before
}

const batchesAtOnce = 500
// Enough that the way to the database does not count, few enough that those who wait for numbers do not notice.
const rowsAtOnce = 1_000

/** A batch with its rows, in the order of their positions. */
export interface BatchWithRows<Row> {
  batch: BatchRecord
  rows: Row[]
}

/** A row, the step of its value before it, and of one that was given up, for which site it was held. */
export type LinkedStep = Step & { holder: [site: string | null, partition: string, type: string] | null }

const beforeColumns = `
  CASE WHEN l.revision > 1 THEN (
    SELECT json_build_object('state', p.state, 'number', p.number) FROM public.ledger p
    WHERE p.prefix = l.prefix AND p.period = l.period AND p.value = l.value AND p.revision = l.revision - 1
  ) END AS before,
  CASE WHEN l.event IN ('release', 'expire') THEN (
    SELECT json_build_array(h.site_id, coalesce(h.partition_id, ''), coalesce(h.invoice_type, '')) FROM public.ledger h
    WHERE h.prefix = l.prefix AND h.period = l.period AND h.value = l.value AND h.revision < l.revision
      AND h.event IN ('issue', 'reserve')
    ORDER BY h.revision DESC LIMIT 1
  ) END AS holder`

/**
 * Reads a chain from one end to the other, piece by piece. What is in it does not change any more, so this needs no
 * snapshot: one that is kept for minutes keeps every version of a counter's row alive, which slows issuing down.
 *
 * @param linked with the step before each
 */
export function readChain(db: Queryable, chain: CounterRecord): AsyncGenerator<BatchWithRows<EntryRecord>[]>
export function readChain(
  db: Queryable,
  chain: CounterRecord,
  linked: 'linked',
): AsyncGenerator<BatchWithRows<LinkedStep>[]>
export async function* readChain(
  db: Queryable,
  { prefix, period, after_batch, through_batch }: CounterRecord,
  linked?: 'linked',
): AsyncGenerator<BatchWithRows<EntryRecord>[]> {
  let after = after_batch
  for (;;) {
    const { rows: batches } = await db.query<BatchRecord>(
      `SELECT 'batch' AS type, ${batchColumns} FROM public.batches b
       WHERE b.prefix = $1 AND b.period = $2 AND b.batch > $3 AND b.batch <= $4 ORDER BY b.batch LIMIT $5`,
      [prefix, period, after, through_batch, batchesAtOnce],
    )
    for (const piece of pieces(batches)) {
      const last = piece.at(-1)!.batch
      const { rows } = await db.query<EntryRecord>(
        `SELECT 'entry' AS type, ${entryColumns}${linked ? `, ${beforeColumns}` : ''} FROM public.ledger l
         WHERE l.prefix = $1 AND l.period = $2 AND l.batch > $3 AND l.batch <= $4 ORDER BY l.batch, l.position`,
        [prefix, period, after, last],
      )
      yield join(piece, rows)
      after = last
    }
    if (batches.length < batchesAtOnce) return
  }
}

/** Batches in pieces of at most so many rows, or of one batch. */
function pieces(batches: readonly BatchRecord[]): BatchRecord[][] {
  const pieces: BatchRecord[][] = []
  let rows = 0
  for (const batch of batches) {
    rows += batch.rows
    if (pieces.length > 0 && rows <= rowsAtOnce) pieces.at(-1)!.push(batch)
    else {
      pieces.push([batch])
      rows = batch.rows
    }
  }
  return pieces
}

/** Rows and batches, both in order; rows of a batch that is not there are left out. */
function join<Row extends EntryRecord>(batches: readonly BatchRecord[], rows: readonly Row[]) {
  let next = 0
  return batches.map((batch) => {
    while (next < rows.length && rows[next]!.batch < batch.batch) next += 1
    const first = next
    while (next < rows.length && rows[next]!.batch === batch.batch) next += 1
    return { batch, rows: rows.slice(first, next) }
  })
}
