import { withTimeout } from '@ordinal/deadline'
import { crashAt } from '@ordinal/failpoints'
import type { Sequencer } from '../clients/sequencer'
import { isHiddenFrom } from '@ordinal/middleware'
import { deadlineOfCall } from '../clients/service-clients'
import { userUnknown, type Users, type Verification } from '../clients/users'
import { AppError } from '../domain/errors'
import { toJson, type NewOrder } from '../domain/order'
import type { Intents } from './intents'
import { placingOf, type Asked, type Placed, type Placing } from './placing'
import type { FinishOrder } from './finish-order'

interface Deps {
  users: Users
  sequencer: Pick<Sequencer, 'requireNumbers'>
  intents: Intents
  finishOrder: FinishOrder
}

export type PlaceOrder = (request: NewOrder, asked: Asked) => Promise<Placed>

/**
 * Places an order, once for each idempotency key, whatever is lost or crashes on the way (docs/orders.md).
 *
 * Only a placed order is remembered under its key: a request that was refused has left nothing, and is judged anew.
 *
 * @throws AppError `idempotency_key_reused`, `idempotency_key_in_use`, `user_unknown`, `user_inactive`,
 *   `user_service_unavailable`, `user_service_refuses`, `order_numbers_exhausted`, `deadline_exceeded`, `caller_gone`,
 *   `outcome_unknown`
 */
export function createPlaceOrder({ users, sequencer, intents, finishOrder }: Deps): PlaceOrder {
  return async (request, asked) => {
    // Before the key is looked up: for a customer there is no other user.
    if (isHiddenFrom(asked.context, request.userId)) throw userUnknown(request.userId)
    const placing = placingOf(request, asked)
    const placed = place(placing)
    const remainingMs = placing.deadline.remainingMs()
    if (remainingMs === Infinity) return placed
    // Each step looks at the time, but a database that does not answer would outlast it.
    return withTimeout(placed, remainingMs, () => timeIsOver).catch((error: unknown) => {
      if (error !== timeIsOver) throw error
      return answerInTime(placing)
    })
  }

  async function place(placing: Placing): Promise<Placed> {
    // At the same time as the key, since most keys are new. A known one does not wait for its user: then how the call ends
    // does not matter, and otherwise its error is thrown below.
    const verifying = verifyUser(placing)
    verifying.catch(() => undefined)
    const known = await intents.find(placing)
    if (known?.answer) return { order: known.answer, replayed: true }
    if (known) {
      placing.stored = known.order
      return finishOrder(known.order, placing)
    }

    const verification = await verifying
    await sequencer.requireNumbers(placing.context, deadlineOfCall(placing.deadline))
    // Until now nothing is stored. From here on there is an order, which is finished whether its caller waits or not.
    placing.deadline.throwIfExpired()
    const order = await intents.record(placing, verification)
    // The same key came twice at once, and the other request was faster: this one gets what that one got.
    return order ? finishOrder(order, placing) : place(placing)
  }

  async function verifyUser({ request, context, deadline }: Placing): Promise<Verification> {
    const verification = await users.requireActive(request.userId, context, deadline)
    FAILPOINT: crashAt('the user is verified')
    return verification
  }
}

const timeIsOver = new Error('The time of the caller is over')

/** The answer to a caller whose time is over. What is under way goes on, and stores nothing that is not yet on its way. */
function answerInTime({ stored, key }: Placing): Placed {
  if (stored === 'nothing')
    throw new AppError('deadline_exceeded', 'Nothing was stored before the deadline; allow more time')
  // After an error it would order twice.
  if (stored !== 'perhaps' && !key) return { order: toJson(stored), replayed: false }
  throw new AppError(
    'outcome_unknown',
    'The database did not confirm the order in time. The same request with its Idempotency-Key finds out what became ' +
      'of it; without a key, look before you send it again',
    { retryAfterSeconds: 1 },
  )
}
