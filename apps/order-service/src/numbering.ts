import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { transaction, withDeadline, type Queryable } from '@ordinal/database'
import type { Outbox } from '@ordinal/events'
import { crashAt } from '@ordinal/failpoints'
import type { Logger } from '@ordinal/logging'
import { ServiceUnavailableError } from '@ordinal/resilience'
import type { OrderMetrics } from './metrics'
import { conflictOf, NumberConflictError, type NumberConflicts } from './number-conflicts'
import { recordNumbers, type IssuedNumber } from './numbers'
import type { Order } from './order'
import type { Sequencer } from './sequencer'

interface Deps {
  pool: Pool
  sequencer: Sequencer
  conflicts: NumberConflicts
  outbox: Outbox
  metrics: OrderMetrics
  log: Logger
  intervalMs: number
  /** How long an order that was claimed is left alone by the other instances. */
  leaseMs: number
  databaseTimeoutMs: number
}

/** An order without a number. */
interface Unnumbered extends Pick<Order, 'reference' | 'numberingAttempt' | 'userId'> {
  id: number
}

interface Numbered {
  order: Unnumbered
  number: string
}
type Outcome = Numbered | { order: Unnumbered; error: unknown }

const batchSize = 64
// A sequencer that refuses will do so again; but once it is mended, its orders are numbered within seconds.
const refusedAgainAfterMs = 5_000

/**
 * Finishes, in the background, the orders that have no number: the sequencer was away when they were placed, or the
 * request that placed them died. Any number of instances may do so at once.
 */
export function createNumbering(deps: Deps) {
  const { pool, sequencer, conflicts, outbox, metrics, log, intervalMs, leaseMs, databaseTimeoutMs } = deps
  const db = withDeadline(pool, databaseTimeoutMs)
  const stopping = new AbortController()
  const tellOfDatabase = tellChanges(log, 'the database')
  const tellOfSequencer = tellChanges(log, 'the sequencer')
  let running = Promise.resolve()

  async function run() {
    while (!stopping.signal.aborted) {
      await numberAll().then(() => tellOfDatabase(undefined), tellOfDatabase)
      // Instances that were started together do not look together.
      const pauseMs = intervalMs * (0.75 + Math.random() / 2)
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }

  /**
   * Numbers all orders that wait, oldest first. One asks ahead of the others, past an open breaker: an outage costs
   * one call a round, and its end is seen at once.
   */
  async function numberAll(): Promise<void> {
    let claimed = await claim(db, 1, leaseMs)
    let goOn = await numberBatch(claimed, true)
    while (goOn && claimed.length > 0 && !stopping.signal.aborted) {
      claimed = await claim(db, batchSize, leaseMs)
      goOn = await numberBatch(claimed, false)
    }
  }

  /** Gives whether there is sense in going on. No transaction is open while the sequencer is asked. */
  async function numberBatch(orders: Unnumbered[], probe: boolean): Promise<boolean> {
    FAILPOINT: crashAt('orders are claimed')
    const outcomes = await Promise.all(orders.map((order) => ask(order, probe)))
    FAILPOINT: crashAt('numbers are issued')
    const issued = outcomes.flatMap((outcome) =>
      'number' in outcome ? [{ order: outcome.order, number: outcome.number }] : [],
    )
    if (issued.length > 0) await record(issued)

    const failed = outcomes.filter((outcome) => 'error' in outcome).filter(({ error }) => !isConflict(error))
    for (const outcome of outcomes) {
      if ('error' in outcome && isConflict(outcome.error))
        await conflicts.record(outcome.order, outcome.error, { goesOn: false })
    }
    const away = failed.filter(({ error }) => error instanceof ServiceUnavailableError)
    const refused = failed.filter(({ error }) => !(error instanceof ServiceUnavailableError))
    if (away.length > 0) await postpone(db, idsOf(away), 0)
    if (refused.length > 0) await postpone(db, idsOf(refused), refusedAgainAfterMs)
    if (outcomes.length > 0) tellOfSequencer((refused[0] ?? away[0])?.error)
    return away.length === 0 && (probe || issued.length > 0)
  }

  async function ask(order: Unnumbered, probe: boolean): Promise<Outcome> {
    try {
      return { order, number: await sequencer.numberFor(order, { probe }) }
    } catch (error) {
      return { order, error }
    }
  }

  async function record(issued: Numbered[]): Promise<void> {
    const numbers = issued.map(({ order, number }): IssuedNumber => ({ orderId: order.id, number }))
    try {
      const numbered = await transaction(pool, (tx) => recordNumbers(tx, outbox, numbers), {
        limitMs: databaseTimeoutMs,
      })
      FAILPOINT: crashAt('numbers are committed')
      outbox.announce()
      metrics.numbered(numbered.length)
      log.info('orders were numbered later', { count: numbered.length })
    } catch (error) {
      const [first, ...others] = issued
      const conflict = conflictOf(error, first?.number)
      if (!conflict || !first) throw error
      if (others.length === 0) return void (await conflicts.record(first.order, conflict, { goesOn: false }))
      // One such order must not keep the others from their numbers.
      for (const one of issued) await record([one])
    }
  }

  return {
    start(): void {
      running = run()
    },
    /** Ends after the batch that is under way: after one call's time limit and one transaction's. */
    async stop(): Promise<void> {
      stopping.abort()
      await running
    },
  }
}

const isConflict = (error: unknown) => error instanceof NumberConflictError
const idsOf = (outcomes: Outcome[]) => outcomes.map(({ order }) => order.id)

/** Logs what keeps orders from their numbers once, until it changes or ends: it is met again every second. */
function tellChanges(log: Logger, what: string) {
  let told: string | undefined
  return (error: unknown) => {
    const now = error === undefined ? undefined : error instanceof Error ? error.message : 'no error'
    if (now === told) return
    told = now
    if (now === undefined) log.info(`numbering goes on: ${what} works again`)
    else if (error instanceof ServiceUnavailableError) log.warn(`numbering waits for ${what}`, { error })
    else log.error(`numbering fails at ${what}`, { error })
  }
}

/** Takes orders without a number, oldest first, for as long as the lease: other instances pass over them. */
async function claim(db: Queryable, limit: number, leaseMs: number): Promise<Unnumbered[]> {
  // Materialized, or the plan may run the inner SELECT again and take more than the limit.
  const { rows } = await db.query<Unnumbered>(
    `WITH due AS MATERIALIZED (
       SELECT id FROM orders WHERE order_number IS NULL AND numbering_after <= now()
       ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
     UPDATE orders SET numbering_after = now() + $2 * interval '1 ms'
     FROM due WHERE orders.id = due.id RETURNING orders.id, reference,
       numbering_attempt AS "numberingAttempt", user_id AS "userId"`,
    [limit, leaseMs],
  )
  return rows.sort((a, b) => a.id - b.id)
}

async function postpone(db: Queryable, ids: number[], ms: number): Promise<void> {
  await db.query(
    `UPDATE orders SET numbering_after = now() + $2 * interval '1 ms' WHERE id = ANY($1::bigint[]) AND order_number IS NULL`,
    [ids, ms],
  )
}
