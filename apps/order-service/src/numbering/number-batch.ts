import { randomUUID } from 'node:crypto'
import type { Pool } from 'pg'
import { traced, transaction, withQueryTimeout } from '@ordinal/database'
import type { Outbox } from '@ordinal/events'
import { crashAt } from '@ordinal/failpoints'
import type { Logger } from '@ordinal/logging'
import { ServiceUnavailableError } from '@ordinal/resilience'
import { errorTypeOf, type Tracing } from '@ordinal/tracing'
import type { Sequencer } from '../clients/sequencer'
import type { Trace } from '../clients/service-clients'
import { NumberConflictError } from '../domain/number-conflict'
import type { Order, ToNumber } from '../domain/order'
import { conflictOf, type NumberConflicts } from './conflicts'
import { postponeOrders } from './queries'
import { recordNumbers } from './record-numbers'

export interface NumberingMetrics {
  /** An order was stored, without its number. */
  placed(): void
  /** An order has its number now; it was stored then. */
  numbered(storedAt: Date): void
  /** So many orders got their numbers after their requests had ended. */
  numberedLater(count: number): void
}

export interface BatchDeps {
  pool: Pool
  sequencer: Sequencer
  conflicts: NumberConflicts
  outbox: Outbox
  metrics: NumberingMetrics
  log: Logger
  databaseTimeoutMs: number
  tracing?: Tracing | undefined
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
  const { pool, sequencer, conflicts, outbox, metrics, log, databaseTimeoutMs, tracing } = deps
  const db = withQueryTimeout(pool, databaseTimeoutMs)

  /**
   * @param probe asks even while the sequencer's breaker is open
   * @returns `goOn`: whether the sequencer issues numbers; `error`: why it does not, of one order
   */
  return async function numberBatch(
    orders: ToNumber[],
    { probe }: { probe: boolean },
  ): Promise<{ goOn: boolean; error: unknown }> {
    const span = tracing?.root('number orders', { 'ordinal.batch.size': orders.length })
    const trace = span && { requestId: randomUUID(), traceparent: span.traceparent, span }
    try {
      const { issued, failed } = await askForNumbers(orders, probe, trace)
      if (issued.length > 0) await record(issued, trace)
      const { away, refused } = await postpone(failed, trace)
      const first = refused[0] ?? away[0]
      if (first) span?.fail(errorTypeOf(first.error))
      return { goOn: away.length === 0 && (probe || issued.length > 0), error: first?.error }
    } catch (error) {
      span?.fail(errorTypeOf(error))
      throw error
    } finally {
      span?.end()
    }
  }

  async function askForNumbers(
    orders: ToNumber[],
    probe: boolean,
    trace: Trace | undefined,
  ): Promise<{ issued: Issued[]; failed: Failed[] }> {
    const outcomes = await Promise.all(orders.map((order) => ask(order, probe, trace)))
    FAILPOINT: crashAt('numbers are issued')
    return {
      issued: outcomes.filter((outcome) => 'number' in outcome),
      failed: outcomes.filter((outcome) => 'error' in outcome),
    }
  }

  async function ask(order: ToNumber, probe: boolean, trace: Trace | undefined): Promise<Issued | Failed> {
    try {
      return { order, number: await sequencer.numberFor(order, { probe, ...(trace && { trace }) }) }
    } catch (error) {
      return { order, error }
    }
  }

  async function record(issued: Issued[], trace: Trace | undefined): Promise<void> {
    try {
      const numbered = await commit(issued, trace)
      outbox.announce('order.created')
      for (const { createdAt } of numbered) metrics.numbered(createdAt)
      metrics.numberedLater(numbered.length)
      log.info('orders were numbered later', { count: numbered.length })
    } catch (error) {
      const [first, ...others] = issued
      const conflict = conflictOf(error, first?.number)
      if (!conflict || !first) throw error
      if (others.length === 0)
        return void (await conflicts.record(first.order, conflict, { goesOn: false, trace }))
      // One conflict must not keep the other orders from their numbers.
      for (const one of issued) await record([one], trace)
    }
  }

  async function commit(issued: Issued[], trace: Trace | undefined): Promise<Order[]> {
    const numbers = issued.map(({ order, number }) => ({ orderId: order.id, number, trace }))
    const numbered = await transaction(pool, (tx) => recordNumbers(tx, outbox, numbers), {
      timeoutMs: databaseTimeoutMs,
      span: trace?.span,
    })
    FAILPOINT: crashAt('numbers are committed')
    return numbered
  }

  /** Records conflicts, and leaves the other orders for the next round, or for a later one if they were refused. */
  async function postpone(
    failed: Failed[],
    trace: Trace | undefined,
  ): Promise<{ away: Failed[]; refused: Failed[] }> {
    const others: Failed[] = []
    for (const each of failed) {
      if (each.error instanceof NumberConflictError)
        await conflicts.record(each.order, each.error, { goesOn: false, trace })
      else others.push(each)
    }
    const away = others.filter(({ error }) => error instanceof ServiceUnavailableError)
    const refused = others.filter(({ error }) => !(error instanceof ServiceUnavailableError))
    if (away.length > 0) await postponeOrders(traced(db, trace?.span), ordersOf(away), 0)
    if (refused.length > 0)
      await postponeOrders(traced(db, trace?.span), ordersOf(refused), refusedAgainAfterMs)
    return { away, refused }
  }
}

const ordersOf = (failed: Failed[]) => failed.map(({ order }) => order)
