import { randomUUID } from 'node:crypto'
import type { Pool } from 'pg'
import { asStatements, createBatcher, oneByOne } from '@ordinal/batching'
import { mayBeOfOneRow, transaction, type Queryable } from '@ordinal/database'
import type { Outbox } from '@ordinal/events'
import { crashAt } from '@ordinal/failpoints'
import { finishRequests } from '@ordinal/idempotency'
import type { Span } from '@ordinal/tracing'
import { toJson, toJsonAsOf, type Order, type OrderJson } from '../domain/order'
import { orderEvent } from '../events/order-events'
import { conflictOf } from '../numbering/conflicts'
import type { NumberingMetrics } from '../numbering/number-batch'
import { readOrders, releaseForNumbering } from '../numbering/queries'
import { recordNumbers } from '../numbering/record-numbers'
import type { Placing } from './placing'
import { commitConclusions } from './queries'

interface Deps {
  pool: Pool
  outbox: Outbox
  metrics: Pick<NumberingMetrics, 'numbered'>
  /** Whether answers that meet are committed together. */
  batching: boolean
  /** How long a transaction may take. */
  databaseTimeoutMs: number
}

/** An order that is placed, as far as that goes now. */
export interface Answering {
  order: Order
  /** Undefined if there is none now: the order is left to numbering. */
  number: string | undefined
  placing: Placing
}

export type CommitAnswer = ReturnType<typeof createCommitAnswer>

/**
 * Commits numbers with answers: from here on the keys get these answers. Those that come while others are committed go
 * together.
 *
 * An order that got a number, and that nobody has changed since it was stored, is concluded in one statement; any other in a
 * transaction, which reads what became of it.
 *
 * @returns commits one, and gives the answer; it throws NumberConflictError, or the database's error if another order has
 *   the number: `conflictOf` knows both
 */
export function createCommitAnswer({ pool, outbox, metrics, batching, databaseTimeoutMs }: Deps) {
  const limits = batching ? asStatements : oneByOne
  const mayBeOfOne = (error: unknown) => mayBeOfOneRow(error) || conflictOf(error) !== undefined
  const trace = { name: 'commit answers', spanOf: ({ placing }: Answering) => placing.context.span }
  const conclude = createBatcher({ carryOut: concludeTogether, ...limits, mayBeOfOne, trace })
  const complete = createBatcher({ carryOut: completeTogether, ...limits, mayBeOfOne, trace })

  return async function commitAnswer(answering: Answering): Promise<OrderJson> {
    const answer = (isNew(answering) && (await conclude(answering))) || (await complete(answering))
    const { orderNumber, createdAt } = answering.order
    if (orderNumber === null && answer.order_number !== null) metrics.numbered(createdAt)
    return answer
  }

  /** Undefined for an order that was changed meanwhile. */
  async function concludeTogether(
    all: readonly Concluding[],
    span?: Span,
  ): Promise<(OrderJson | undefined)[]> {
    const changeTime = randomUUID()
    const byId = all.toSorted((a, b) => a.order.id - b.order.id)
    const conclusions = byId.map(({ order, number, placing: { key, context } }) => {
      const answer = toJsonAsOf({ ...order, orderNumber: number }, changeTime)
      const event = outbox.rowOf(orderEvent('order.created', answer, context))
      return { order, number, key, event, answer }
    })
    const answers = await commitConclusions(pool, conclusions, {
      changeTime,
      timeoutMs: databaseTimeoutMs,
      span,
    })
    FAILPOINT: crashAt('the answer is committed')
    outbox.announce('order.created')
    const kept = new Map(byId.map((concluding, nth) => [concluding, answers[nth]]))
    return all.map((concluding) => kept.get(concluding))
  }

  async function completeTogether(all: readonly Answering[], span?: Span): Promise<OrderJson[]> {
    const answers = await transaction(pool, (tx) => writeAnswers(tx, all), {
      timeoutMs: databaseTimeoutMs,
      span,
    })
    FAILPOINT: crashAt('the answer is committed')
    outbox.announce('order.created')
    return answers
  }

  async function writeAnswers(tx: Queryable, all: readonly Answering[]): Promise<OrderJson[]> {
    const orders = await completeOrders(tx, all)
    const answers = all.map(({ order, placing: { key } }) => ({ key, answer: toJson(orders.get(order.id)!) }))
    const kept = await finishRequests(
      tx,
      answers.flatMap(({ key, answer }) => (key ? [{ key, answer }] : [])),
    )
    FAILPOINT: crashAt('the answer is written')
    let finished = 0
    return answers.map(({ key, answer }) => (key ? kept[finished++]! : answer))
  }

  /** Writes the numbers that there are, and returns all orders as they are now, by their ids. */
  async function completeOrders(tx: Queryable, all: readonly Answering[]): Promise<Map<number, Order>> {
    // In the order of ids, so that deadlocks are rare; after one, `transaction` runs all of this again.
    const byId = all.toSorted((a, b) => a.order.id - b.order.id)
    const issued = byId.flatMap(({ order, number, placing: { context } }) =>
      number === undefined ? [] : [{ orderId: order.id, number, trace: context }],
    )
    const left = byId.flatMap(({ order, number }) => (number === undefined ? [order] : []))
    const numbered = issued.length > 0 ? await recordNumbers(tx, outbox, issued) : []
    if (left.length > 0) await releaseForNumbering(tx, left)

    const orders = new Map(numbered.map((order) => [order.id, order]))
    const others = byId.map(({ order }) => order.id).filter((id) => !orders.has(id))
    if (others.length > 0) for (const order of await readOrders(tx, others)) orders.set(order.id, order)
    return orders
  }
}

/** An order that gets the number which it was stored without. */
type Concluding = Answering & { number: string }

const isNew = (answering: Answering): answering is Concluding =>
  answering.number !== undefined && answering.order.orderNumber === null
