import { setTimeout as delay } from 'node:timers/promises'
import type { AppError } from '@ordinal/errors'
import { clientOf } from '@ordinal/middleware'
import { createGate } from './gate'

export type HoldBack = ReturnType<typeof createHoldBack>

// As Retry-After says: whoever asks again as soon as it is refused asks once a second.
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
// What costs little to ask for, and is wrong whatever the state of a number or an order is.
const cheaplyRefused = [400, 401, 403, 405, 406, 413, 415, 417, 421, 429]

/** Holds refusals back, so that whoever is refused does not ask again at once: many of them take the time of others. */
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

  /** Whether the connection may stay, once the refusal may be answered; undefined if that is at once. */
  return (
    { code, status }: AppError,
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
