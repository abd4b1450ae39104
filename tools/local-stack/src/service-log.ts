import { chmodSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { makePrivate } from './private-folder'

/** Opens a new log for a service, keeping that of the last run beside it; gives its file descriptor. Nobody else may read them. */
export function openServiceLog(file: string): number {
  makePrivate(dirname(file))
  if (existsSync(file)) {
    // Earlier versions created it with the umask's rights.
    chmodSync(file, 0o600)
    renameSync(file, `${file}.1`)
  }
  return openSync(file, 'a', 0o600)
}

/** The last lines in which a service says what is wrong: plain ones, and JSON of the level `error`. */
export function lastErrors(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return lines.filter((line) => !line.startsWith('{') || line.includes('"level":"error"')).slice(-10)
}

/** What a service says of each of its health checks that fails: why, and what to do. */
export function failingChecks(file: string): string[] {
  const failing = new Map<string, string>()
  const lines = readFileSync(file, 'utf8').split('\n')
  // The last line may be half written.
  for (const line of lines.slice(0, -1).filter((line) => line.includes('"a health check '))) {
    const { message, check, error } = JSON.parse(line) as {
      message: string
      check: string
      error?: { message: string }
    }
    if (message === 'a health check fails') failing.set(check, error?.message ?? check)
    else failing.delete(check)
  }
  return [...failing.values()]
}
