import type { Pool } from 'pg'
import { asStatements, createBatcher, oneByOne } from '@ordinal/batching'
import { CommitUnknownError, mayBeOfOneRow, traced, withQueryTimeout } from '@ordinal/database'
import { crashAt } from '@ordinal/failpoints'
import { createRequestFinder, type LeaseReturns } from '@ordinal/idempotency'
import type { Logger } from '@ordinal/logging'
import type { Span } from '@ordinal/tracing'
import type { Verification } from '../clients/users'
import type { Order, OrderJson } from '../domain/order'
import type { NumberingMetrics } from '../numbering/number-batch'
import { readOrders } from '../numbering/queries'
import { idsOf, type Placing } from './placing'
import { commitIntents } from './queries'

interface Deps {
  pool: Pool
  log: Logger
  metrics: Pick<NumberingMetrics, 'placed'>
  /** Takes the leases of requests that failed. */
  leaseReturns: LeaseReturns
  /** Whether orders that meet are stored together. */
  batching: boolean
  /** How long an order and its key are left to the request that places it. */
  leaseMs: number
  /** How long a transaction may take. */
  databaseTimeoutMs: number
}

/** What was placed with a key before. */
export type Known =
  /** The request was answered, and this was the answer. */
  | { answer: OrderJson; order?: undefined }
  /** Its order exists, and the request that placed it has ended without an answer: this one finishes it. */
  | { answer: null; order: Order }

export type Intents = ReturnType<typeof createIntents>

/** Orders that are to be placed: with its intent an order exists, without a number. */
export function createIntents(deps: Deps) {
  const { pool, log, metrics, leaseReturns, batching, leaseMs, databaseTimeoutMs } = deps
  const db = withQueryTimeout(pool, databaseTimeoutMs)
  const findKey = createRequestFinder<OrderJson>(db, { leaseMs, batching })
  const commit = createBatcher({
    carryOut: commitTogether,
    ...(batching ? asStatements : oneByOne),
    mayBeOfOne: mayBeOfOneRow,
    trace: { name: 'store orders', spanOf: ({ placing }) => placing.context.span },
  })

  return {
    /**
     * What was placed with the key before, if anything.
     *
     * @throws AppError `idempotency_key_reused`, `idempotency_key_in_use`
     */
    async find(placing: Pick<Placing, 'key' | 'context' | 'leaseEndsAtMs'>): Promise<Known | undefined> {
      const { key, context } = placing
      const { span } = context
      const known = key && (await findKey(key, span))
      placing.leaseEndsAtMs = leaseEnd()
      FAILPOINT: crashAt('the key is looked up')
      if (!known || known.answer) return known
      // Its key was committed with the order.
      const reading = readOrders(traced(db, span), [known.resourceId!])
      const [order] = await reading.catch(async (error: unknown) => {
        await release(placing)
        throw error
      })
      return { answer: null, order: order! }
    },

    /**
     * Commits the order without its number, and its key: from here on it exists. Undefined if the key is taken.
     *
     * @throws AppError `deadline_exceeded`, `caller_gone`
     */
    async record(placing: Placing, verification: Verification): Promise<Order | undefined> {
      const order = await commit({ placing, verification }).catch(async (error: unknown) => {
        placing.leaseEndsAtMs = leaseEnd()
        // If it was committed after all, the client's next try with this key finds the order and finishes it at once.
        if (error instanceof CommitUnknownError) await release(placing)
        throw error
      })
      placing.leaseEndsAtMs = leaseEnd()
      placing.stored = order ?? 'nothing'
      if (order) metrics.placed()
      if (order?.userFromMemory) {
        log.warn('an order was placed for a user who was verified a moment ago, not now', {
          ...idsOf(order, placing),
          user_id: order.userId,
        })
      }
      return order
    },

    release,
  }

  /** Stores nothing for an order whose deadline passed, or whose caller left, while it waited for others. */
  async function commitTogether(
    all: readonly ToRecord[],
    span?: Span,
  ): Promise<(Order | undefined | Error)[]> {
    const late = all.map(({ placing }) => errorOf(() => placing.deadline.throwIfExpired()))
    const inTime = all.filter((_, nth) => !late[nth])
    for (const { placing } of inTime) placing.stored = 'perhaps'
    const intents = inTime.map(({ placing: { request, key }, verification }) => ({
      request,
      key,
      verification,
    }))
    const orders = await commitIntents(pool, intents, { leaseMs, timeoutMs: databaseTimeoutMs, span })
    FAILPOINT: crashAt('the order is committed')
    let taken = 0
    return late.map((error) => error ?? orders[taken++])
  }

  /** Lets the next request with the key go on at once, or as soon as the database answers. Never throws. */
  async function release({ key, leaseEndsAtMs }: Pick<Placing, 'key' | 'leaseEndsAtMs'>): Promise<void> {
    if (key) await leaseReturns.giveBack({ ...key, endsAtMs: leaseEndsAtMs })
  }

  /** The latest end of a lease that has been taken by now. */
  function leaseEnd(): number {
    return performance.now() + leaseMs
  }
}

interface ToRecord {
  placing: Placing
  verification: Verification
}

function errorOf(check: () => void): Error | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return error as Error
  }
}
