import { setTimeout as delay } from 'node:timers/promises'

/** As `until`, for what takes longer. */
export async function untilWithin(ms: number, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + ms
  while (!(await holds()) && performance.now() < deadline) await delay(20)
}
