import { setTimeout as delay } from 'node:timers/promises'

/**
 * Resolves when the condition holds, and after a while in any case: what is expected is for the test to say.
 *
 * @param withinMs by default as long as a machine may take that has much other work: a test that succeeds waits no longer
 */
export async function until(holds: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await holds()) && performance.now() < deadline) await delay(10)
}
