import { setTimeout as delay } from 'node:timers/promises'

/** Something that is waited for, and may happen while nobody waits: then the next wait ends at once. */
export function createWake() {
  let happened = false
  let wakeUp: (() => void) | undefined

  return {
    wake(): void {
      happened = true
      wakeUp?.()
    },
    /** From now on only what happens later counts. */
    reset(): void {
      happened = false
    },
    /** Resolves when it has happened since the last `reset`, or after so many ms, or when the signal aborts. */
    async wait(ms: number, signal: AbortSignal): Promise<void> {
      if (happened || signal.aborted) return
      const timer = new AbortController()
      const woken = new Promise<void>((resolve) => (wakeUp = resolve))
      const late = delay(ms, undefined, { signal: AbortSignal.any([timer.signal, signal]) })
      await Promise.race([woken, late.catch(() => undefined)])
      timer.abort()
      wakeUp = undefined
    },
  }
}
