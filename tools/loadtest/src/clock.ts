import { setTimeout as delay } from 'node:timers/promises'

/** Time, in milliseconds; tests have one of their own. */
export interface Clock {
  now: () => number
  /** Resolves at a moment, at once if that is over; throws when the signal ends the waiting. */
  until: (moment: number, signal: AbortSignal) => Promise<void>
}

export const realClock: Clock = {
  now: () => performance.now(),
  // Timers take whole milliseconds and are never early: rounded down they are less than one off.
  async until(moment, signal) {
    const ms = Math.floor(moment - performance.now())
    if (ms > 0) await delay(ms, undefined, { signal })
  },
}
