import { setTimeout as delay } from 'node:timers/promises'
import type { AnyAppError } from '@ordinal/errors'
import { clientOf } from '@ordinal/middleware'
import { createGate } from './gate'

export type HoldBack = ReturnType<typeof createHoldBack>

// As long as Retry-After says: a client that asks again at once then asks once a second.
const overloadedMs = 1_000
const mostHeld = 2_000
const refusals = {
  places: mostHeld,
  shareOfClient: 1,
  waiting: mostHeld,
  waitMs: 1_000,
  busyRate: 100,
  passesLate: true,
}
// Statuses of requests that are cheap to send, and wrong whatever the state of a number or an order.
const cheaplyRefused = [400, 401, 403, 405, 406, 413, 415, 417, 421, 429]

/** Holds refusals back, so that clients do not ask again at once: a flood of refusals takes time from other requests. */
export function createHoldBack(isBusy: () => boolean) {
  const gate = createGate(refusals, isBusy)
  let held = 0

  /** @returns false if too many are held: the connection must close */
  async function overloaded(): Promise<boolean> {
    if (held >= mostHeld) return false
    held += 1
    await delay(overloadedMs, undefined, { ref: false })
    held -= 1
    return true
  }

  /** @returns undefined to answer at once; else resolves when to answer, to false if the connection must close then */
  return (
    { code, status }: AnyAppError,
    ip: string | undefined,
    connection: unknown,
  ): Promise<boolean> | undefined => {
    if (code === 'overloaded') return overloaded()
    if (!isBusy() || !(code === 'route_not_found' || cheaplyRefused.includes(status))) return undefined
    return gate.enter(clientOf(ip), connection).then(
      (leave) => {
        leave()
        return true
      },
      () => false,
    )
  }
}
