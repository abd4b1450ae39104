import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../src/clock'

/** A clock that goes on to the next moment that somebody waits for, once nobody does anything else: exact, and at once. */
export function createVirtualClock(): Clock & { run: <T>(work: Promise<T>) => Promise<T> } {
  let now = 0
  let waiting: { moment: number; wake: () => void }[] = []
  return {
    now: () => now,
    until: (moment) => new Promise((wake) => void (moment <= now ? wake() : waiting.push({ moment, wake }))),
    async run(work) {
      let done = false
      const ended = () => (done = true)
      work.then(ended, ended)
      for (;;) {
        await setImmediate()
        if (done) return work
        waiting = waiting.sort((a, b) => a.moment - b.moment)
        const first = waiting.shift()
        if (!first) throw new Error('nobody waits, and nothing has ended')
        now = first.moment
        first.wake()
      }
    },
  }
}

/** A server that answers one request after the other, each after the same time: its capacity is fixed. */
export function createServer(clock: Clock, serviceMs: number): () => Promise<void> {
  let freeAt = 0
  return () => {
    freeAt = Math.max(freeAt, clock.now()) + serviceMs
    return clock.until(freeAt, new AbortController().signal)
  }
}
