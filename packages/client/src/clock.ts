/** A time limit, together with the caller's own signal. */
export interface Clock {
  signal: AbortSignal
  remainingMs: () => number
  /** Whether it is the time that ran out, and not the caller that went away. */
  isOver: () => boolean
  stop: () => void
}

// The longest that a timer can be set for: a longer one would fire at once.
const longestTimerMs = 2 ** 31 - 1

/** Starts one. The caller has to stop it, since it listens to a signal that may outlive it. */
export function startClock(timeoutMs: number, outer?: AbortSignal): Clock {
  const controller = new AbortController()
  const end = performance.now() + timeoutMs
  let over = false
  const timer = setTimeout(
    () => {
      over = true
      controller.abort(new Error(`The time of ${timeoutMs} ms is over`))
    },
    Math.min(timeoutMs, longestTimerMs),
  )
  const follow = () => controller.abort(outer?.reason)
  if (outer?.aborted) follow()
  else outer?.addEventListener('abort', follow, { once: true })
  return {
    signal: controller.signal,
    remainingMs: () => Math.max(0, end - performance.now()),
    isOver: () => over,
    stop() {
      clearTimeout(timer)
      outer?.removeEventListener('abort', follow)
    },
  }
}

/** Waits, unless the signal ends it: then it throws the signal's reason. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error)
    const end = () => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end)
      resolve()
    }, ms)
    signal.addEventListener('abort', end, { once: true })
  })
}
