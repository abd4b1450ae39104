import type { Logger } from '@ordinal/logging'
import type { Checkpoints } from './checkpoints'

const hourMs = 60 * 60 * 1000

/**
 * Writes a checkpoint into the log, at the start and then every hour if anything has changed: so that whoever keeps the
 * log keeps what the owner of the database cannot rewrite.
 */
export function createCheckpointLog(checkpoints: Checkpoints, log: Logger) {
  let logged: string | undefined
  let timer: NodeJS.Timeout | undefined
  let writing = Promise.resolve()

  async function write(): Promise<void> {
    const { checkpoint, signed } = await checkpoints.sign({})
    const state = `${checkpoint.root} ${checkpoint.register?.hash}`
    if (state !== logged && checkpoint.counters > 0)
      log.info('checkpoint', { counters: checkpoint.counters, checkpoint: signed })
    logged = state
  }

  return {
    start() {
      if (!checkpoints.canSign) return
      const next = () => {
        writing = write()
          .catch(
            (error: unknown) =>
              void log.warn('no checkpoint could be written; next try in an hour', { error }),
          )
          .then(() => {
            if (timer) timer = setTimeout(next, hourMs).unref()
          })
      }
      timer = setTimeout(next, 0).unref()
    },
    async stop() {
      clearTimeout(timer)
      timer = undefined
      await writing
    },
  }
}
