import { readFileSync, statSync } from 'node:fs'

const largestBytes = 1024 * 1024

/**
 * The text of a small file.
 *
 * @throws Error that says in one line why there is none: no such file, no file, too large, not readable
 */
export function readTextFile(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found) throw new Error('there is no such file')
  if (!found.isFile()) throw new Error('it is not a file')
  if (found.size > largestBytes) throw new Error(`it has more than ${largestBytes} bytes`)
  return readFileSync(file, 'utf8')
}
