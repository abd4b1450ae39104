import { readFileSync } from 'node:fs'

/** The last checkpoint in a file, whatever is around it. */
export function lastCheckpointIn(file: string): string {
  const found = readFileSync(file, 'utf8').match(/(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]+/g)
  if (!found) throw new Error(`${file} has no checkpoint in it`)
  return found.at(-1)!
}
