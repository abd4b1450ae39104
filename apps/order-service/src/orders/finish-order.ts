import { deadlineIn } from '@ordinal/deadline'
import { crashAt } from '@ordinal/failpoints'
import type { Logger } from '@ordinal/logging'
import { ServiceUnavailableError } from '@ordinal/resilience'
import { fromDatabase } from '@ordinal/service'
import type { Sequencer } from '../clients/sequencer'
import { deadlineOfCall } from '../clients/service-clients'
import { NumberConflictError } from '../domain/number-conflict'
import { toJson, type Order } from '../domain/order'
import { conflictOf, type NumberConflicts } from '../numbering/conflicts'
import type { CommitAnswer } from './answers'
import type { Intents } from './intents'
import { idsOf, type Placed, type Placing } from './placing'

interface Deps {
  sequencer: Sequencer
  conflicts: NumberConflicts
  intents: Intents
  commitAnswer: CommitAnswer
  log: Logger
}

export type FinishOrder = (order: Order, placing: Placing) => Promise<Placed>

// Within a request, whose caller waits.
const keysTried = 3

/**
 * Gets an order that exists its number and commits the answer, without a number if the sequencer does not answer. A number
 * that the order cannot take is recorded, and it asks again under the next key, a few times: the rest is left to numbering.
 */
export function createFinishOrder(deps: Deps): FinishOrder {
  const { sequencer, conflicts, intents, commitAnswer, log } = deps
  return (order, placing) =>
    finish(order, placing, keysTried).catch((error: unknown) => leaveToNumbering(order, placing, error))

  async function finish(order: Order, placing: Placing, keysLeft: number): Promise<Placed> {
    let number: string | undefined
    try {
      number = order.orderNumber ?? (await askForNumber(order, placing))
      return await conclude(order, number, placing)
    } catch (error) {
      const conflict = conflictOf(error, number)
      if (!conflict) throw error
      const now = await conflicts.record(order, conflict, { goesOn: true, trace: placing.context })
      if (now.orderNumber || keysLeft === 1) return conclude(now, now.orderNumber ?? undefined, placing)
      return finish(now, placing, keysLeft - 1)
    }
  }

  /** Undefined if the sequencer answers with no number now. @throws NumberConflictError */
  async function askForNumber(order: Order, placing: Placing): Promise<string | undefined> {
    // Its time, and not whether the caller is still there: the order exists, and is finished either way.
    const deadline = deadlineIn(deadlineOfCall(placing.deadline).remainingMs())
    const number = await sequencer
      .numberFor(order, { trace: placing.context, deadline })
      .catch((error: unknown) => {
        if (error instanceof NumberConflictError) throw error
        // The breaker and numbering log an outage, once and not for every order.
        if (!(error instanceof ServiceUnavailableError)) {
          log.error('the sequencer did not number an order', { ...idsOf(order, placing), error })
        }
        return undefined
      })
    FAILPOINT: crashAt('the number is issued')
    return number
  }

  async function conclude(order: Order, number: string | undefined, placing: Placing): Promise<Placed> {
    return { order: await commitAnswer({ order, number, placing }), replayed: false }
  }

  /**
   * The order exists, since its intent is committed, whatever happened to its number. A caller without a key gets 201: after
   * a 503 it would order twice. One with a key gets the error, asks again, and gets an answer that is kept.
   */
  async function leaveToNumbering(order: Order, placing: Placing, error: unknown): Promise<Placed> {
    // A database that is away is no fault of ours, and each order that is under way meets it.
    const level = fromDatabase(error) ? 'warn' : 'error'
    log[level]('an order was placed without its number being written', { ...idsOf(order, placing), error })
    if (!placing.key) return { order: toJson(order), replayed: false }
    await intents.release(placing)
    throw error
  }
}
