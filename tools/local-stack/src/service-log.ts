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
