import type { Logger } from '@ordinal/logging'

/** As the work, or rejected after so many milliseconds: what comes later is dropped. */
export async function withDeadline<T>(
  work: Promise<T> | T,
  limitMs: number,
  tooLate = () => new Error(`Not done after ${Math.round(limitMs)} ms`),
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooLate()), limitMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** A step of a shutdown: one that fails or takes too long is logged, and must not keep the next from its turn. */
export async function shutdownStep(
  what: string,
  work: () => Promise<unknown>,
  limitMs: number,
  log: Logger,
): Promise<void> {
  try {
    await withDeadline(work(), limitMs)
  } catch (error) {
    log.warn(`${what} did not end as it should`, { error })
  }
}
