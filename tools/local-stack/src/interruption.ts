/** npm passes on to us the Ctrl-C that the terminal has sent us already. */
const echoMs = 300

/**
 * Gives a signal that is aborted at the first Ctrl-C, SIGTERM, closing of the terminal, or end of the process that
 * started us with a channel. A second one ends the
 * process at once: the services follow by themselves, and the next start finds PostgreSQL running.
 */
export function catchInterruption(): AbortSignal {
  const interruption = new AbortController()
  let interruptedAt = 0
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!interruption.signal.aborted) {
        interruptedAt = Date.now()
        interruption.abort()
      } else if (Date.now() - interruptedAt > echoMs) {
        process.exit(130)
      }
    })
  }
  process.once('disconnect', () => interruption.abort())
  return interruption.signal
}

/** Resolves when the signal is aborted, and keeps the process alive until then. */
export function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    // Handlers of signals do not keep a process alive, if all its services should be down.
    const idle = setInterval(() => {}, 2 ** 30)
    signal.addEventListener('abort', () => {
      clearInterval(idle)
      resolve()
    })
  })
}
