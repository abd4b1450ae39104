import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'

type Look<T> = () => Promise<T | undefined | false> | T | undefined | false

/**
 * Looks again and again until a condition holds, or there is something, and gives that.
 *
 * @param look what it throws ends the wait at once
 * @param withinMs by default as long as a machine may take that has much other work: a test that succeeds waits no longer
 * @throws when the time is over, with the text of the condition and what it gave last; the stack is the caller's
 */
export async function until<T>(look: Look<T>, withinMs = 30_000): Promise<T> {
  const { found, last } = await lookFor(look, withinMs)
  if (found !== undefined) return found
  const condition = look.toString().replace(/\s+/g, ' ')
  const error = new Error(`Not within ${withinMs} ms: ${condition}; at last it was ${inspect(last)}`)
  Error.captureStackTrace(error, until)
  throw error
}

/** Waits as `until` does, and gives whether the condition came to hold: for a wait that may end without it. */
export async function comesToHold(look: Look<true>, withinMs: number): Promise<boolean> {
  return (await lookFor(look, withinMs)).found !== undefined
}

async function lookFor<T>(look: Look<T>, withinMs: number): Promise<{ found?: T; last: unknown }> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const last = await look()
    if (last) return { found: last, last }
    if (performance.now() >= deadline) return { last }
    await delay(10)
  }
}
