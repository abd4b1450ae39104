import type { Deadline } from '@ordinal/deadline'
import type { RequestContext } from '@ordinal/middleware'
import { fingerprintOf, type IdempotencyKey } from '@ordinal/idempotency'
import type { NewOrder, Order, OrderJson } from '../domain/order'

/** How an order is asked for. */
export interface Asked {
  idempotencyKey: string | undefined
  context: RequestContext
  deadline: Deadline
}

/** A request for an order, while the order is placed. */
export interface Placing {
  request: NewOrder
  key: IdempotencyKey | undefined
  context: RequestContext
  deadline: Deadline
  /** What of it the database has by now: perhaps an order while that is committed. */
  stored: 'nothing' | 'perhaps' | Order
  /** When the lease of its key ends, at the latest, on the clock of `performance.now()`; 0 while it has none. */
  leaseEndsAtMs: number
}

export interface Placed {
  order: OrderJson
  /** The answer was given before, and is the same as then. */
  replayed: boolean
}

export function placingOf(request: NewOrder, asked: Asked): Placing {
  const { idempotencyKey, context, deadline } = asked
  return {
    request,
    context,
    deadline,
    stored: 'nothing',
    leaseEndsAtMs: 0,
    key:
      idempotencyKey === undefined
        ? undefined
        : { caller: context.caller, key: idempotencyKey, fingerprint: fingerprintOf(request) },
  }
}

/** What a line of the log says of an order that is placed. */
export const idsOf = ({ id }: Order, { context }: Placing) => ({
  order_id: id,
  request_id: context.requestId,
  trace_id: context.traceparent.slice(3, 35),
})
