export interface Deadline {
  /** Aborts when the time is over, the caller gives up, or by `abort`; `signal.reason` is what to throw. */
  signal: AbortSignal
  /** Until the time is over; never less than 0. */
  leftMs(): number
  abort(reason: Error): void
  /** Ends the timer and the listener; to be called when the work is done. */
  dispose(): void
}

/**
 * A signal for one piece of work: aborts with `overdue()` after `timeoutMs`, or as the caller's signal does.
 *
 * Not AbortSignal.any([AbortSignal.timeout(ms), caller]): in Node 20 the garbage collector takes such a signal from
 * those who wait for it, and it never aborts (tried: 0 of 100 fired).
 */
export function createDeadline(timeoutMs: number, overdue: () => Error, caller?: AbortSignal): Deadline {
  const controller = new AbortController()
  const end = performance.now() + timeoutMs
  const timer = setTimeout(() => controller.abort(overdue()), timeoutMs)
  const giveUp = () => controller.abort(caller?.reason)
  if (caller?.aborted) giveUp()
  caller?.addEventListener('abort', giveUp)
  return {
    signal: controller.signal,
    leftMs: () => Math.max(0, end - performance.now()),
    abort: (reason) => controller.abort(reason),
    dispose() {
      clearTimeout(timer)
      caller?.removeEventListener('abort', giveUp)
    },
  }
}
