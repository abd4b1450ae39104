import type { Logger } from './logger'

/** Logs a trouble once, until it changes or ends: it is met again at every try. */
export function logChanges(log: Logger, trouble: string, end: string) {
  let logged: string | undefined
  return (error?: unknown) => {
    const now = error === undefined ? undefined : error instanceof Error ? error.message : 'no error'
    if (now === logged) return
    logged = now
    if (now === undefined) log.info(end)
    else log.warn(trouble, { error })
  }
}
