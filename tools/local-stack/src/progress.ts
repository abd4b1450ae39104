import { performance } from 'node:perf_hooks'

const isTerminal = process.stdout.isTTY && !process.env.NO_COLOR
const colour = (code: number, text: string) => (isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text)

/** Does a step of the work and prints a line when it is done, with the seconds it took. */
export async function step<T>(work: Promise<T>, done: (result: T) => string): Promise<T> {
  const start = performance.now()
  const result = await work
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${colour(32, '✓')} ${done(result)} ${colour(2, `(${seconds} s)`)}`)
  return result
}

/** Prints something the user should know of while the stack runs. */
export function warn(line: string): void {
  console.log(`${colour(33, '!')} ${line}`)
}

/** Prints why the stack does not run. */
export function fail(error: Error): void {
  console.error(`${colour(31, '✗')} ${error.message}`)
}
