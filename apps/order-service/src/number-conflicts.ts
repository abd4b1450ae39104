import type { Pool } from 'pg'
import { databaseErrorOf, transaction, type Queryable } from '@ordinal/database'
import type { Outbox } from '@ordinal/events'
import type { Logger } from '@ordinal/logging'
import type { OrderMetrics } from './metrics'
import { keyFor, orderColumns, toJson, type Order } from './order'

export const conflictReasons = [
  'held_by_another_order',
  'no_longer_issued',
  'key_used_elsewhere',
  'order_has_another_number',
] as const
export type ConflictReason = (typeof conflictReasons)[number]

/** The sequencer answered with a number that the order cannot take, or with none for its key. */
export class NumberConflictError extends Error {
  override readonly name = 'NumberConflictError'

  constructor(
    readonly reason: ConflictReason,
    readonly number: string | null,
    message = `${number ?? 'no number'}: ${reason}`,
  ) {
    super(message)
  }
}

/** The conflict that an error stands for, if it does; of a transaction that wrote one number. */
export function conflictOf(error: unknown, number: string | null = null): NumberConflictError | undefined {
  if (error instanceof NumberConflictError) return error
  if (databaseErrorOf(error)?.constraint !== 'orders_order_number_key') return undefined
  return new NumberConflictError('held_by_another_order', number)
}

// The first keys are tried without a pause; after that each pause is longer.
const triedAtOnce = 3
const longestPauseSeconds = 300
// Of an order whose conflicts do not end, the first are on record; the log and the metric tell of all.
const onRecord = 10

interface Deps {
  pool: Pool
  outbox: Outbox
  metrics: OrderMetrics
  log: Logger
  databaseTimeoutMs: number
}

type Conflicting = Pick<Order, 'id' | 'reference' | 'numberingAttempt'>

export type NumberConflicts = ReturnType<typeof createNumberConflicts>

/** Records that an order cannot take its number, and gives the order another key to ask under. */
export function createNumberConflicts({ pool, outbox, metrics, log, databaseTimeoutMs }: Deps) {
  return {
    /**
     * Records a conflict and gives the order its next key, unless it has its number or its next key already. Nothing is
     * drawn here, and the other order's number is left alone.
     *
     * @param asked.goesOn the caller asks under the next key itself: the order stays leased to it
     * @returns the order as it is now
     */
    async record(
      order: Conflicting,
      conflict: NumberConflictError,
      { goesOn, traceparent }: { goesOn: boolean; traceparent?: string },
    ): Promise<Order> {
      const { reason, number } = conflict
      const { now, heldBy } = await transaction(
        pool,
        async (tx) => {
          const moved = await moveOn(tx, order, goesOn)
          const now = moved ?? (await readOrder(tx, order))
          const heldBy = await holderOf(tx, order, number)
          const first = moved !== undefined || reason === 'order_has_another_number'
          if (first && order.numberingAttempt <= onRecord) {
            await insertConflict(tx, order, conflict, heldBy)
            const told = { reason, key: keyFor(order), refused_number: number, held_by_order_id: heldBy }
            const data = { ...toJson(now), conflict: told }
            await outbox.record(tx, [
              { type: 'order.number_conflict', subject: order.reference, data, traceparent },
            ])
          }
          return { now, heldBy }
        },
        { limitMs: databaseTimeoutMs },
      )
      outbox.announce()
      metrics.conflicted(reason)
      log.error('an order cannot take the number that the sequencer answered', {
        order_id: Number(order.id),
        key: keyFor(order),
        number,
        held_by_order_id: heldBy,
        reason,
        error: conflict,
      })
      return now
    },
  }
}

/** Counts the key on, unless that was done or the order has its number. */
async function moveOn(
  tx: Queryable,
  { id, numberingAttempt }: Conflicting,
  goesOn: boolean,
): Promise<Order | undefined> {
  const { rows } = await tx.query<Order & object>(
    `UPDATE orders SET numbering_attempt = numbering_attempt + 1, updated_at = now(),
       numbering_after = greatest(now() + $3 * interval '1 s', CASE WHEN $4 THEN numbering_after END)
     WHERE id = $1 AND order_number IS NULL AND numbering_attempt = $2 RETURNING ${orderColumns}`,
    [id, numberingAttempt, pauseSecondsBefore(numberingAttempt + 1), goesOn],
  )
  return rows[0]
}

/** How long an order waits before it is asked for under its n-th key. */
export const pauseSecondsBefore = (attempt: number) =>
  attempt <= triedAtOnce ? 0 : Math.min(longestPauseSeconds, 2 ** (attempt - triedAtOnce))

async function readOrder(tx: Queryable, { id }: Conflicting): Promise<Order> {
  const { rows } = await tx.query<Order & object>(
    `SELECT ${orderColumns} FROM orders WHERE id = $1 FOR UPDATE`,
    [id],
  )
  return rows[0]!
}

async function holderOf(tx: Queryable, { id }: Conflicting, number: string | null): Promise<number | null> {
  const { rows } = await tx.query<{ id: number }>(
    'SELECT id FROM orders WHERE order_number = $1 AND id <> $2',
    [number, id],
  )
  return rows[0]?.id ?? null
}

async function insertConflict(
  tx: Queryable,
  order: Conflicting,
  { reason, number }: NumberConflictError,
  heldBy: number | null,
): Promise<void> {
  await tx.query(
    `INSERT INTO number_conflicts (order_id, key, number, held_by_order_id, reason) VALUES ($1, $2, $3, $4, $5)`,
    [order.id, keyFor(order), number, heldBy, reason],
  )
}
