import { readFileSync } from 'node:fs'
import { checkpointsIn } from '@ordinal/audit'

/**
 * The checkpoints in a file, whatever is around them: it may be a log.
 *
 * @throws Error if there is none
 */
export function checkpointsOf(file: string): string[] {
  const found = checkpointsIn(readFileSync(file, 'utf8'))
  if (found.length === 0) throw new Error(`${file} has no checkpoint in it`)
  return found
}
