import type { Queryable } from '@ordinal/database'
import type { NumberEvent } from '@ordinal/audit'

/** How far a period's counter is, and where it began; null if it has not. */
export async function readSpan(
  db: Queryable,
  prefix: string,
  period: string,
): Promise<{ first: number; last: number } | null> {
  const { rows } = await db.query<{ first: number; last: number }>({
    name: 'read_span',
    text: `SELECT first_value AS first, last_value AS last FROM public.counters WHERE prefix = $1 AND period = $2`,
    values: [prefix, period],
  })
  return rows[0] ?? null
}

/** How a value came into the ledger. */
export interface Origin {
  value: number
  event: NumberEvent
  number: string
  reason: string | null
  caller: string
  request_id: string | null
  at: Date
}

/** How some values came into the ledger; those that are not in it are left out. */
export async function readOrigins(
  db: Queryable,
  prefix: string,
  period: string,
  values: readonly number[],
): Promise<Map<number, Origin>> {
  const { rows } = await db.query<Origin>({
    name: 'read_origins',
    text: `SELECT origin.* FROM unnest($3::bigint[]) wanted (value) CROSS JOIN LATERAL (
             SELECT l.value, l.event, l.number, l.reason, l.caller, l.request_id, l.at FROM public.ledger l
             WHERE l.prefix = $1 AND l.period = $2 AND l.value = wanted.value ORDER BY l.revision LIMIT 1
           ) origin`,
    values: [prefix, period, values],
  })
  return new Map(rows.map((row) => [row.value, row]))
}

/**
 * Waits until all that was read is as durable as what is written: where replication is synchronous, a row can be seen
 * that no standby has.
 */
export async function confirmReads(db: Queryable): Promise<void> {
  await db.query({ name: 'confirm_reads', text: `SELECT pg_logical_emit_message(true, 'ordinal', '')` })
}
