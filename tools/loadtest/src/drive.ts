import type { Clock } from './clock'

/** How much is sent, and when. */
export interface Plan {
  /** How many requests are under way at most. */
  concurrency: number
  /** How many requests at most. */
  requests: number
  /** For how long new ones are begun. */
  durationMs: number
  /**
   * Open loop: so many arrive in a second, whether earlier ones have been answered or not. Without it the loop is closed:
   * each caller sends its next request when its last one is answered.
   */
  perSecond?: number | undefined
  /** A request that was not sent so long after it should have been is given up: nobody waits any longer. */
  patienceMs: number
}

/** What became of a request. */
export interface Sample<Call> {
  /** Undefined for one that was given up before it was sent. */
  call: Call | undefined
  /** From the moment when it was to be sent: what whoever asks would wait. */
  responseMs: number
  /** From the moment when it was sent. */
  serviceMs: number
}

/**
 * Sends requests as a plan has it, and resolves when the last is answered. Each is timed from the moment when it was to be
 * sent: a service that lets requests wait delays those behind them as well, and a clock that starts when the tool gets round
 * to sending would not see that (coordinated omission).
 *
 * @param send sends a request over the connection of a caller, and gives what is known of it
 * @param note gets every request when it has ended
 * @param signal ends it: no request is begun after that
 */
export async function drive<Call>(
  plan: Plan,
  { clock, send, note, signal }: Driven<Call>,
): Promise<{ elapsedMs: number }> {
  const { concurrency, requests, durationMs, perSecond, patienceMs } = plan
  const startedAt = clock.now()
  const endsAt = startedAt + durationMs
  let taken = 0

  /** When the next request is to be sent; undefined if there is none. */
  function nextDueAt(): number | undefined {
    const dueAt = perSecond === undefined ? clock.now() : startedAt + (taken / perSecond) * 1000
    if (taken >= requests || dueAt >= endsAt || signal.aborted) return undefined
    taken += 1
    return dueAt
  }

  async function wakeAt(moment: number): Promise<number> {
    await clock.until(moment, signal).catch(() => {})
    return clock.now()
  }

  async function keepSending(caller: number): Promise<void> {
    for (let dueAt = nextDueAt(); dueAt !== undefined; dueAt = nextDueAt()) {
      const sentAt = perSecond === undefined ? dueAt : await wakeAt(dueAt)
      if (signal.aborted) return
      const waitedMs = Math.max(0, sentAt - dueAt)
      if (waitedMs > patienceMs) {
        note({ call: undefined, responseMs: waitedMs, serviceMs: 0 })
        continue
      }
      const call = await send(caller)
      const serviceMs = clock.now() - sentAt
      note({ call, responseMs: waitedMs + serviceMs, serviceMs })
    }
  }
  await Promise.all(Array.from({ length: concurrency }, (_, caller) => keepSending(caller)))
  return { elapsedMs: clock.now() - startedAt }
}

interface Driven<Call> {
  clock: Clock
  send: (caller: number) => Promise<Call>
  note: (sample: Sample<Call>) => void
  signal: AbortSignal
}
