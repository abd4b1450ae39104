import { withTimeout } from '@ordinal/deadline'
import type { Logger } from '@ordinal/logging'

/** A step of a shutdown: one that fails or takes too long is logged, and must not keep the next from its turn. */
export async function shutdownStep(
  what: string,
  work: () => Promise<unknown>,
  timeoutMs: number,
  log: Logger,
): Promise<void> {
  try {
    await withTimeout(work(), timeoutMs)
  } catch (error) {
    log.warn(`${what} did not end as it should`, { error })
  }
}
