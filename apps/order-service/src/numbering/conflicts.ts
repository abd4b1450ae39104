import type { Pool } from 'pg'
import { databaseErrorOf, transaction, type Queryable } from '@ordinal/database'
import type { Outbox } from '@ordinal/events'
import type { Logger } from '@ordinal/logging'
import type { PassedTrace } from '@ordinal/tracing'
import { NumberConflictError, type ConflictReason } from '../domain/number-conflict'
import { keyFor, toJson, type Order } from '../domain/order'
import { findHolder, giveNextKey, insertConflict, lockOrder, type Conflicting } from './conflict-queries'

/**
 * The conflict that an error stands for; undefined if it is none.
 *
 * @param number the one that the failed transaction wrote
 */
export function conflictOf(error: unknown, number: string | null = null): NumberConflictError | undefined {
  if (error instanceof NumberConflictError) return error
  if (databaseErrorOf(error)?.constraint !== 'orders_order_number_key') return undefined
  return new NumberConflictError('held_by_another_order', number)
}

export interface ConflictMetrics {
  conflicted(reason: ConflictReason): void
}

// An order whose conflicts do not end has its first ones on record; the log and the metric have all.
const onRecord = 10

interface Deps {
  pool: Pool
  outbox: Outbox
  metrics: ConflictMetrics
  log: Logger
  databaseTimeoutMs: number
}

interface Asked {
  /** The caller asks under the next key itself: the order stays leased to it. */
  goesOn: boolean
  /** Of the request that asked for the number. */
  trace?: PassedTrace | undefined
}

export type NumberConflicts = ReturnType<typeof createNumberConflicts>

/** Records that an order cannot take its number, and assigns the order its next key. */
export function createNumberConflicts({ pool, outbox, metrics, log, databaseTimeoutMs }: Deps) {
  return {
    /**
     * Records a conflict and assigns the order its next key, unless it has its number or its next key already. It draws no
     * number, and leaves the number that was refused alone.
     *
     * @returns the order as it is now
     */
    async record(order: Conflicting, conflict: NumberConflictError, asked: Asked): Promise<Order> {
      const { reason, number } = conflict
      const { now, heldBy } = await commit(order, conflict, asked)
      outbox.announce('order.number_conflict')
      metrics.conflicted(reason)
      log.error('an order cannot take the number that the sequencer answered', {
        order_id: order.id,
        key: keyFor(order),
        number,
        held_by_order_id: heldBy,
        reason,
        error: conflict,
      })
      return now
    },
  }

  /** Assigns the order its next key, and writes the conflict with its event. */
  function commit(
    order: Conflicting,
    conflict: NumberConflictError,
    { goesOn, trace }: Asked,
  ): Promise<{ now: Order; heldBy: number | null }> {
    const { reason, number } = conflict
    const work = async (tx: Queryable) => {
      const moved = await giveNextKey(tx, order, goesOn)
      const now = moved ?? (await lockOrder(tx, order))
      const heldBy = await findHolder(tx, order, number)
      const first = moved !== undefined || reason === 'order_has_another_number'
      if (first && order.numberingAttempt <= onRecord) {
        await insertConflict(tx, order, conflict, heldBy)
        const details = { reason, key: keyFor(order), refused_number: number, held_by_order_id: heldBy }
        const data = { ...toJson(now), conflict: details }
        await outbox.record(tx, [{ type: 'order.number_conflict', subject: order.reference, data, trace }])
      }
      return { now, heldBy }
    }
    return transaction(pool, work, { timeoutMs: databaseTimeoutMs })
  }
}
