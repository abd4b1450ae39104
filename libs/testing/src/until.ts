import { setTimeout as delay } from 'node:timers/promises'

/** Resolves when the condition holds, and after five seconds in any case: what is expected is for the test to say. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000
  while (!(await holds()) && performance.now() < deadline) await delay(10)
}
