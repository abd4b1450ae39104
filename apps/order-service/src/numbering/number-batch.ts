import type { Pool } from 'pg'
import { transaction, withQueryTimeout } from '@ordinal/database'
import type { Outbox } from '@ordinal/events'
import { crashAt } from '@ordinal/failpoints'
import type { Logger } from '@ordinal/logging'
import { ServiceUnavailableError } from '@ordinal/resilience'
import type { Sequencer } from '../clients/sequencer'
import { NumberConflictError } from '../domain/number-conflict'
import type { Order, ToNumber } from '../domain/order'
import { conflictOf, type NumberConflicts } from './conflicts'
import { postponeOrders } from './queries'
import { recordNumbers } from './record-numbers'

export interface NumberingMetrics {
  /** So many orders got their numbers. */
  numbered(count: number): void
}

export interface BatchDeps {
  pool: Pool
  sequencer: Sequencer
  conflicts: NumberConflicts
  outbox: Outbox
  metrics: NumberingMetrics
  log: Logger
  databaseTimeoutMs: number
}

interface Issued {
  order: ToNumber
  number: string
}
interface Failed {
  order: ToNumber
  error: unknown
}

// A sequencer that refuses will refuse again; but once it is repaired, orders are numbered within seconds.
const refusedAgainAfterMs = 5_000

/** Gets orders that were claimed their numbers. No transaction is open while the sequencer is asked. */
export function createNumberBatch(deps: BatchDeps) {
  const { pool, sequencer, conflicts, outbox, metrics, log, databaseTimeoutMs } = deps
  const db = withQueryTimeout(pool, databaseTimeoutMs)

  /**
   * @param probe asks even while the sequencer's breaker is open
   * @returns `goOn`: whether the sequencer issues numbers; `error`: why it does not, of one order
   */
  return async function numberBatch(
    orders: ToNumber[],
    { probe }: { probe: boolean },
  ): Promise<{ goOn: boolean; error: unknown }> {
    const { issued, failed } = await askForNumbers(orders, probe)
    if (issued.length > 0) await record(issued)
    const { away, refused } = await postpone(failed)
    return {
      goOn: away.length === 0 && (probe || issued.length > 0),
      error: (refused[0] ?? away[0])?.error,
    }
  }

  async function askForNumbers(
    orders: ToNumber[],
    probe: boolean,
  ): Promise<{ issued: Issued[]; failed: Failed[] }> {
    const outcomes = await Promise.all(orders.map((order) => ask(order, probe)))
    FAILPOINT: crashAt('numbers are issued')
    return {
      issued: outcomes.filter((outcome) => 'number' in outcome),
      failed: outcomes.filter((outcome) => 'error' in outcome),
    }
  }

  async function ask(order: ToNumber, probe: boolean): Promise<Issued | Failed> {
    try {
      return { order, number: await sequencer.numberFor(order, { probe }) }
    } catch (error) {
      return { order, error }
    }
  }

  async function record(issued: Issued[]): Promise<void> {
    try {
      const numbered = await commit(issued)
      outbox.announce('order.created')
      metrics.numbered(numbered.length)
      log.info('orders were numbered later', { count: numbered.length })
    } catch (error) {
      const [first, ...others] = issued
      const conflict = conflictOf(error, first?.number)
      if (!conflict || !first) throw error
      if (others.length === 0) return void (await conflicts.record(first.order, conflict, { goesOn: false }))
      // One conflict must not keep the other orders from their numbers.
      for (const one of issued) await record([one])
    }
  }

  async function commit(issued: Issued[]): Promise<Order[]> {
    const numbers = issued.map(({ order, number }) => ({ orderId: order.id, number }))
    const numbered = await transaction(pool, (tx) => recordNumbers(tx, outbox, numbers), {
      timeoutMs: databaseTimeoutMs,
    })
    FAILPOINT: crashAt('numbers are committed')
    return numbered
  }

  /** Records conflicts, and leaves the other orders for the next round, or for a later one if they were refused. */
  async function postpone(failed: Failed[]): Promise<{ away: Failed[]; refused: Failed[] }> {
    const others: Failed[] = []
    for (const each of failed) {
      if (each.error instanceof NumberConflictError)
        await conflicts.record(each.order, each.error, { goesOn: false })
      else others.push(each)
    }
    const away = others.filter(({ error }) => error instanceof ServiceUnavailableError)
    const refused = others.filter(({ error }) => !(error instanceof ServiceUnavailableError))
    if (away.length > 0) await postponeOrders(db, ordersOf(away), 0)
    if (refused.length > 0) await postponeOrders(db, ordersOf(refused), refusedAgainAfterMs)
    return { away, refused }
  }
}

const ordersOf = (failed: Failed[]) => failed.map(({ order }) => order)
