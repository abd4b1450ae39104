import { performance } from 'node:perf_hooks'

export type MainWork = ReturnType<typeof watchMainWork>

const sampleMs = 200
const busyFrom = 0.8
// Requests a second. With fewer, neither the main work nor the rest slows the other down.
const askedFrom = 5

/**
 * Watches whether the process is busy: requests of its main work come in, or its event loop hardly ever rests. It measures
 * when asked, and at most five times a second.
 */
export function watchMainWork() {
  let before = performance.eventLoopUtilization()
  let at = performance.now()
  let asked = 0
  let busy = false
  return {
    /** Counts a request of the main work. */
    count(requests = 1): void {
      asked += requests
    },
    isBusy: (): boolean => {
      const now = performance.now()
      const ms = now - at
      if (ms < sampleMs) return busy
      const current = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(current, before)
      // A measurement over a long time says little about now.
      busy = ms < 5 * sampleMs && (utilization > busyFrom || asked / (ms / 1_000) >= askedFrom)
      before = current
      at = now
      asked = 0
      return busy
    },
  }
}
