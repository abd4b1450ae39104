import { logChanges, type Logger } from '@ordinal/logging'
import { createPeriodicTask } from '@ordinal/periodic-task'
import type { Checkpoints } from './checkpoints'

const hourMs = 60 * 60 * 1000

/**
 * Logs a checkpoint at the start, and every hour if anything has changed: the owner of the database cannot rewrite what
 * is in a log that somebody else keeps.
 */
export function createCheckpointLog(checkpoints: Pick<Checkpoints, 'sign' | 'canSign'>, log: Logger) {
  let logged: string | undefined
  let loggedAt: Date | undefined

  async function write(): Promise<void> {
    const { checkpoint, signed } = await checkpoints.sign({})
    const state = `${checkpoint.root} ${checkpoint.register?.hash}`
    if (state !== logged && checkpoint.counters > 0)
      log.info('checkpoint', { counters: checkpoint.counters, checkpoint: signed })
    logged = state
    loggedAt = new Date()
  }

  const task = createPeriodicTask({
    run: write,
    report: logChanges(
      log,
      'no checkpoint could be written; retrying every hour',
      'checkpoints are written again',
    ),
    everyMs: hourMs,
    jitter: 0,
  })
  return {
    start: () => void (checkpoints.canSign && task.start()),
    stop: () => task.stop(),
    /** When the log last had the state of the ledger. */
    loggedAt: () => loggedAt,
  }
}
