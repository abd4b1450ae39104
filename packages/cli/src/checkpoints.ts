import { readFileSync } from 'node:fs'

/**
 * The checkpoints in a file, whatever is around them: it may be a log.
 *
 * @throws Error if there is none
 */
export function checkpointsIn(file: string): string[] {
  const found = readFileSync(file, 'utf8').match(/(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]+/g)
  if (!found) throw new Error(`${file} has no checkpoint in it`)
  return found
}
