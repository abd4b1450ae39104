import { existsSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'

/** Opens a new log for a service, keeping that of the last run beside it; gives its file descriptor. */
export function openServiceLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true })
  if (existsSync(file)) renameSync(file, `${file}.1`)
  return openSync(file, 'a')
}

/** The last lines in which a service says what is wrong: plain ones, and JSON of the level `error`. */
export function lastErrors(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return lines.filter((line) => !line.startsWith('{') || line.includes('"level":"error"')).slice(-10)
}
