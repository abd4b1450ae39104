import type { Pool } from 'pg'
import { CommitUnknownError, transaction, withQueryTimeout, type Queryable } from '@ordinal/database'
import { crashAt } from '@ordinal/failpoints'
import { beginRequest, endLease, findRequest, type IdempotencyKey } from '@ordinal/idempotency'
import type { Logger } from '@ordinal/logging'
import type { Verification } from '../clients/users'
import type { Order, OrderJson } from '../domain/order'
import { readOrder } from '../numbering/queries'
import { idsOf, type Placing } from './placing'
import { insertOrder } from './queries'

interface Deps {
  pool: Pool
  log: Logger
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

/** Another request with the key was faster. */
class KeyTakenError extends Error {}

export type Intents = ReturnType<typeof createIntents>

/** Orders that are to be placed: with its intent an order exists, without a number. */
export function createIntents({ pool, log, leaseMs, databaseTimeoutMs }: Deps) {
  const db = withQueryTimeout(pool, databaseTimeoutMs)

  return {
    /**
     * What was placed with the key before, if anything.
     *
     * @throws AppError `idempotency_key_reused`, `idempotency_key_in_use`
     */
    async find({ key }: Pick<Placing, 'key'>): Promise<Known | undefined> {
      const known = key && (await findRequest<OrderJson>(db, key, leaseMs))
      FAILPOINT: crashAt('the key is looked up')
      if (!known || known.answer) return known
      // Its key was committed with the order.
      const reading = readOrder(db, { id: known.resourceId! })
      const order = await reading.catch(async (error: unknown) => {
        await release({ key })
        throw error
      })
      return { answer: null, order }
    },

    /** Commits the order without its number, and its key: from here on it exists. Undefined if the key is taken. */
    async record(placing: Placing, verification: Verification): Promise<Order | undefined> {
      let order: Order
      try {
        order = await commit(placing, verification)
      } catch (error) {
        if (error instanceof KeyTakenError) return undefined
        // If it was committed after all, the client's next try with this key finds the order and finishes it at once.
        if (error instanceof CommitUnknownError) await release(placing)
        throw error
      }
      if (order.userFromMemory) {
        log.warn('an order was placed for a user who was verified a moment ago, not now', {
          ...idsOf(order, placing),
          user_id: order.userId,
        })
      }
      return order
    },

    release,
  }

  async function commit({ request, key }: Placing, verification: Verification): Promise<Order> {
    const order = await transaction(
      pool,
      async (tx) => {
        const order = await insertOrder(tx, request, verification, leaseMs)
        if (key) await bindKey(tx, key, order)
        return order
      },
      { timeoutMs: databaseTimeoutMs },
    )
    FAILPOINT: crashAt('the order is committed')
    return order
  }

  /** Fails, so that the order is rolled back, if the key is taken. */
  async function bindKey(tx: Queryable, key: IdempotencyKey, { id }: Order): Promise<void> {
    const begun = await beginRequest(tx, key, { resourceId: id, leaseMs })
    FAILPOINT: crashAt('the key is written')
    if (!begun) throw new KeyTakenError()
  }

  /** Lets the next request with the key go on at once. Never throws: the lease runs out by itself. */
  async function release({ key }: Pick<Placing, 'key'>): Promise<void> {
    if (key) await endLease(db, key).catch(() => undefined)
  }
}
