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
      // By hand: what AbortSignal.any leaves behind in a signal that lives on, Node 20 never takes away.
      await new Promise<void>((resolve) => {
        const end = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', end)
          wakeUp = undefined
          resolve()
        }
        const timer = setTimeout(end, ms).unref()
        signal.addEventListener('abort', end)
        wakeUp = end
      })
    },
  }
}
