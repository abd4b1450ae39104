import type { Logger } from '@ordinal/logging'

const quietMs = 1_000

/**
 * A task that runs once at the start of the service, beside its requests. Its failure is logged, and ends nothing.
 *
 * @param failure the message of that log line
 */
function atStart(task: () => Promise<void>, log: Logger, failure: string) {
  let running = Promise.resolve()
  return {
    start: (): void => {
      running = task().catch((error: unknown) => void log.warn(failure, { error }))
    },
    /** Resolves when the task has ended. */
    stop: () => running,
  }
}

/**
 * A check that runs once, a second after the start: the connections and statements that it needs are not taken from the
 * first requests. Its failure is logged, and ends nothing.
 *
 * @param failure the message of that log line
 */
export function soonAfterStart(check: () => Promise<void>, log: Logger, failure: string) {
  const task = atStart(check, log, failure)
  let timer: NodeJS.Timeout | undefined
  return {
    start: (): void => {
      timer = setTimeout(task.start, quietMs).unref()
    },
    /** Resolves when the check has ended, or at once if it has not begun. */
    stop: () => {
      clearTimeout(timer)
      return task.stop()
    },
  }
}
