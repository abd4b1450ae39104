import type { BatchRecord, CounterRecord, EntryRecord, Step } from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'
import { batchColumns, entryColumns } from './columns'

const batchesAtOnce = 500
// Enough that round trips do not count, few enough that issuing does not slow down.
const rowsAtOnce = 1_000

/** A batch with its rows, in the order of their positions. */
interface BatchWithRows<Row> {
  batch: BatchRecord
  rows: Row[]
}

/** A row, the step of its value before it, and for a release or expiry the site that had drawn the number. */
export type LinkedStep = Step & { holder: [site: string | null, partition: string, type: string] | null }

// With ORDER BY, so that the primary key is read: where the table has no statistics yet, the planner takes one unique
// index for as good as the other, and by that of the chain it would read the whole chain for each row.
const beforeColumns = `
  CASE WHEN l.revision > 1 THEN (
    SELECT json_build_object('state', p.state, 'number', p.number) FROM public.ledger p
    WHERE p.prefix = l.prefix AND p.period = l.period AND p.value = l.value
      AND p.revision >= l.revision - 1 AND p.revision < l.revision
    ORDER BY p.revision LIMIT 1
  ) END AS before,
  CASE WHEN l.event IN ('release', 'expire') THEN (
    SELECT json_build_array(h.site_id, coalesce(h.partition_id, ''), coalesce(h.invoice_type, '')) FROM public.ledger h
    WHERE h.prefix = l.prefix AND h.period = l.period AND h.value = l.value AND h.revision < l.revision
      AND h.event IN ('issue', 'reserve', 'import')
    ORDER BY h.revision DESC LIMIT 1
  ) END AS holder`

/**
 * Reads a chain from one end to the other, piece by piece. Its rows never change, so it needs no snapshot: one that is
 * held for minutes keeps every version of a counter's row alive, which slows issuing down.
 *
 * @param linked adds to each row the step of its value before it
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
  // A whole chain includes batches that somebody put before its first one.
  let after = after_batch === 0 ? Number.MIN_SAFE_INTEGER : after_batch
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

/** Rows outside of the chain, whose batches do not exist; the first thousand. */
export async function readStrays(db: Queryable, { prefix, period, through_batch }: CounterRecord) {
  const { rows } = await db.query<EntryRecord>(
    `SELECT 'entry' AS type, ${entryColumns} FROM public.ledger l
     WHERE l.prefix = $1 AND l.period = $2 AND (l.batch < 1 OR l.batch > $3) AND NOT EXISTS (
       SELECT FROM public.batches b WHERE b.prefix = l.prefix AND b.period = l.period AND b.batch = l.batch)
     ORDER BY l.batch, l.position LIMIT 1000`,
    [prefix, period, through_batch],
  )
  return rows
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
