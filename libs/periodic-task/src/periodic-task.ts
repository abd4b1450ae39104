import { createWake } from './wake'

interface Options {
  /**
   * One run. The signal aborts at `stop`, which waits for the run.
   *
   * @returns true if there may be more to do: the next run follows at once
   */
  run: (signal: AbortSignal) => Promise<boolean | void>
  /** Receives the error of each run that failed, and nothing for the others: `logChanges` logs a trouble once. */
  report: (error?: unknown) => void
  /** The pause between two runs. */
  everyMs: number
  /** The pause after a run that failed; by default that between two runs. */
  retryMs?: number
  /** The pause before the first run; by default none. */
  firstAfterMs?: number
  /** The share by which each pause is shorter or longer, so that instances that started together do not run together. */
  jitter?: number
}

/** Runs something again and again, never twice at a time. A run that fails ends nothing: the next one comes after a pause. */
export function createPeriodicTask(options: Options) {
  const { run, report, everyMs, retryMs = everyMs, firstAfterMs = 0, jitter = 0.25 } = options
  const stopping = new AbortController()
  const wake = createWake()
  let running: Promise<void> | undefined

  async function repeat(): Promise<void> {
    let pauseMs = firstAfterMs
    for (;;) {
      const spread = 1 - jitter + Math.random() * 2 * jitter
      if (pauseMs > 0) await wake.wait(pauseMs * spread, stopping.signal)
      if (stopping.signal.aborted) return
      wake.reset()
      pauseMs = await runOnce()
    }
  }

  /** @returns the pause after it */
  async function runOnce(): Promise<number> {
    try {
      const more = await run(stopping.signal)
      report()
      return more ? 0 : everyMs
    } catch (error) {
      report(error)
      return retryMs
    }
  }

  return {
    /** Starts the runs; a second call does nothing. */
    start(): void {
      running ??= repeat()
    },
    /** Ends the pause. During a run: the next run follows it at once. */
    wake: () => wake.wake(),
    /** Resolves when the run under way has ended; none follows. */
    async stop(): Promise<void> {
      stopping.abort()
      await running
    },
  }
}
