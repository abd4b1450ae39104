import type { Pool } from 'pg'
import { v7 as uuidv7 } from 'uuid'
import {
  CommitUnknownError,
  databaseErrorOf,
  transaction,
  withDeadline,
  type Queryable,
} from '@ordinal/database'
import type { Outbox } from '@ordinal/events'
import { crashAt } from '@ordinal/failpoints'
import type { Logger } from '@ordinal/logging'
import type { RequestContext } from '@ordinal/middleware'
import { ServiceUnavailableError } from '@ordinal/resilience'
import { fingerprintOf, type IdempotencyKey } from '@ordinal/service'
import { endLease, findByKey, recordKey, storeAnswer } from './idempotency'
import { conflictOf, NumberConflictError, pauseSecondsBefore, type NumberConflicts } from './number-conflicts'
import { recordNumbers } from './numbers'
import { orderColumns, toJson, type Order, type OrderJson } from './order'
import type { Sequencer } from './sequencer'
import { patienceOf, type Patience, type Wait } from './patience'
import type { Users, Verification } from './users'

export interface NewOrder {
  userId: number
  productId: string
  quantity: number
  totalPrice: number
}

/** How an order is asked for. */
export interface Asked extends Wait {
  idempotencyKey: string | undefined
  context: RequestContext
}

export interface Placed {
  order: OrderJson
  /** The answer was given before, and is the same as then. */
  replayed: boolean
}

export type PlaceOrder = (request: NewOrder, asked: Asked) => Promise<Placed>

interface Deps {
  pool: Pool
  users: Users
  sequencer: Sequencer
  conflicts: NumberConflicts
  outbox: Outbox
  log: Logger
  /** How long an order and its key are left to the request that places it. */
  leaseMs: number
  /** How long a transaction may take. */
  databaseTimeoutMs: number
}

/**
 * Places an order, once for each idempotency key, whatever is lost or dies on the way (docs/orders.md).
 *
 * Only a placed order is remembered under its key: a request that was refused has left nothing, and is judged anew.
 *
 * @throws AppError `idempotency_key_reused`, `idempotency_key_in_use`, `user_unknown`, `user_inactive`,
 *   `user_service_unavailable`, `deadline_exceeded`, `caller_gone`, `outcome_unknown`
 */
export function createPlaceOrder({
  pool,
  users,
  sequencer,
  conflicts,
  outbox,
  log,
  leaseMs,
  databaseTimeoutMs,
}: Deps): PlaceOrder {
  const db = withDeadline(pool, databaseTimeoutMs)
  const inTransaction = <T>(work: (tx: Queryable) => Promise<T>) =>
    transaction(pool, work, { limitMs: databaseTimeoutMs })

  return async function placeOrder(request, asked): Promise<Placed> {
    const { idempotencyKey, context } = asked
    const patience = patienceOf(asked)
    const key = idempotencyKey === undefined ? undefined : keyOf(idempotencyKey, context, request)
    const known = key && (await findByKey(db, key, leaseMs))
    if (known?.answer) return { order: known.answer, replayed: true }
    if (known) return finishOrLeave(known.order, key, context, patience)
    FAILPOINT: crashAt('the key is looked up')

    const verification = await users.requireActive(request.userId, context, patience)
    FAILPOINT: crashAt('the user is verified')
    // Until now nothing is stored. From here on there is an order, which is finished whether its caller waits or not.
    patience.requireWanted()
    const order = await recordIntent(request, verification, key)
    // The same key came twice at once, and the other request was faster: this one gets what that one got.
    if (!order) return placeOrder(request, { ...asked, timeLeftMs: patience.leftMs() })
    FAILPOINT: crashAt('the order is committed')
    if (order.userFromMemory) {
      log.warn('an order was placed for a user who was verified a moment ago, not now', {
        ...idsOf(order, context),
        user_id: request.userId,
      })
    }
    return finishOrLeave(order, key, context, patience)
  }

  function finishOrLeave(...finishing: Parameters<typeof finish>): Promise<Placed> {
    const [order, key, trace] = finishing
    return finish(...finishing).catch((error: unknown) => leaveToNumbering(order, key, error, trace))
  }

  /** Commits the order without its number, and its key: from here on it exists. Undefined if the key is taken. */
  async function recordIntent(
    request: NewOrder,
    verification: Verification,
    key: IdempotencyKey | undefined,
  ): Promise<Order | undefined> {
    try {
      return await inTransaction(async (tx) => {
        const order = await insertOrder(tx, request, verification, leaseMs)
        FAILPOINT: crashAt('the order is written')
        if (key) await recordKey(tx, key, order.id, leaseMs)
        FAILPOINT: crashAt('the key is written')
        return order
      })
    } catch (error) {
      if (databaseErrorOf(error)?.constraint === 'idempotency_records_pkey') return undefined
      // If it was committed after all, the client's next try with this key finds the order and finishes it at once.
      if (error instanceof CommitUnknownError && key) await giveUp(key)
      throw error
    }
  }

  /**
   * Gets the order its number, and concludes; without a sequencer it does so without a number. A number that the order
   * cannot take is recorded, and the next one is asked for, a few times: then numbering goes on with it.
   */
  async function finish(
    order: Order,
    key: IdempotencyKey | undefined,
    trace: RequestContext,
    patience: Patience,
    keysLeft = keysTried,
  ): Promise<Placed> {
    let number: string | undefined
    try {
      number = order.orderNumber ?? (await askForNumber(order, trace, patience))
      FAILPOINT: crashAt('the number is issued')
      return await conclude(order, number, key, trace)
    } catch (error) {
      const conflict = conflictOf(error, number)
      if (!conflict) throw error
      const now = await conflicts.record(order, conflict, { goesOn: true, traceparent: trace.traceparent })
      if (now.orderNumber || keysLeft === 1) return conclude(now, now.orderNumber ?? undefined, key, trace)
      return finish(now, key, trace, patience, keysLeft - 1)
    }
  }

  /** Commits the number, if there is one, with the answer: from here on the key gets this answer. */
  async function conclude(
    order: Order,
    number: string | undefined,
    key: IdempotencyKey | undefined,
    trace: RequestContext,
  ): Promise<Placed> {
    const answer = await inTransaction(async (tx) => {
      const now = number === undefined ? await letGo(tx, order) : await recordNumber(tx, order, number, trace)
      const answer = key ? await storeAnswer(tx, key, toJson(now)) : toJson(now)
      FAILPOINT: crashAt('the answer is written')
      return answer
    })
    FAILPOINT: crashAt('the answer is committed')
    outbox.announce()
    return { order: answer, replayed: false }
  }

  async function askForNumber(
    order: Order,
    trace: RequestContext,
    { callMs }: Patience,
  ): Promise<string | undefined> {
    try {
      return await sequencer.numberFor(order, { trace, timeoutMs: callMs() })
    } catch (error) {
      if (error instanceof NumberConflictError) throw error
      // An outage is told by the breaker and by numbering, not once for every order.
      if (!(error instanceof ServiceUnavailableError)) {
        log.error('the sequencer did not number an order', { ...idsOf(order, trace), error })
      }
      return undefined
    }
  }

  async function recordNumber(tx: Queryable, order: Order, number: string, { traceparent }: RequestContext) {
    const [numbered] = await recordNumbers(tx, outbox, [{ orderId: Number(order.id), number }], traceparent)
    return numbered ?? readOrder(tx, order)
  }

  /**
   * The order is taken, since its intent is committed, whatever happened to its number. Who sent no key is told so:
   * after a 503 he would order twice. Who sent one asks again, and gets an answer that is kept.
   */
  async function leaveToNumbering(
    order: Order,
    key: IdempotencyKey | undefined,
    error: unknown,
    trace: RequestContext,
  ): Promise<Placed> {
    log.error('an order was placed without its number being written', { ...idsOf(order, trace), error })
    if (!key) return { order: toJson(order), replayed: false }
    await giveUp(key)
    throw error
  }

  /** The next request with the key need not wait for the lease. */
  function giveUp(key: IdempotencyKey): Promise<void> {
    return endLease(db, key).catch(() => undefined)
  }
}

// Within a request, for which somebody waits.
const keysTried = 3

const keyOf = (key: string, { caller }: RequestContext, request: NewOrder): IdempotencyKey => ({
  caller,
  key,
  fingerprint: fingerprintOf(request),
})

const idsOf = ({ id }: Order, { requestId }: RequestContext) => ({
  order_id: Number(id),
  request_id: requestId,
})

async function insertOrder(
  tx: Queryable,
  request: NewOrder,
  verification: Verification,
  leaseMs: number,
): Promise<Order> {
  const { userId, productId, quantity, totalPrice } = request
  const { rows } = await tx.query<Order & object>({
    name: 'insert_order',
    text: `INSERT INTO orders (reference, user_id, product_id, quantity, total_price, user_from_memory, numbering_after)
     VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 ms') RETURNING ${orderColumns}`,
    values: [
      uuidv7(),
      userId,
      productId,
      quantity,
      // As the decimal text that was sent, which numeric keeps exactly.
      String(totalPrice),
      verification === 'remembered',
      leaseMs,
    ],
  })
  return rows[0]!
}

/** Numbering need not wait for the lease, only for the pause after conflicts. Gives the order as it is: it may have its number by now. */
async function letGo(tx: Queryable, { id, numberingAttempt }: Order): Promise<Order> {
  const { rows } = await tx.query<Order & object>(
    `UPDATE orders SET numbering_after = now() + $2 * interval '1 s' WHERE id = $1 RETURNING ${orderColumns}`,
    [id, pauseSecondsBefore(numberingAttempt)],
  )
  return rows[0]!
}

async function readOrder(tx: Queryable, { id }: Order): Promise<Order> {
  const { rows } = await tx.query<Order & object>(`SELECT ${orderColumns} FROM orders WHERE id = $1`, [id])
  return rows[0]!
}
