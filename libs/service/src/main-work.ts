import { performance } from 'node:perf_hooks'

export type MainWork = ReturnType<typeof watchMainWork>

const sampleMs = 200
const busyFrom = 0.8
// Requests a second. Whoever asks for so little is not held up by the rest, and it is not held up by them.
const askedFrom = 5

/**
 * Whether the process is busy: its main work is asked for, or its event loop has hardly had a pause. Looked at when asked,
 * and not more often than five times a second.
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
      // What was long ago says nothing of now.
      busy = ms < 5 * sampleMs && (utilization > busyFrom || asked / (ms / 1_000) >= askedFrom)
      before = current
      at = now
      asked = 0
      return busy
    },
  }
}
