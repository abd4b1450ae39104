import { clearLine, cursorTo } from 'node:readline'

/** What progress is shown on: a terminal, or a file. */
export type Screen = Pick<NodeJS.WriteStream, 'write'> & Partial<NodeJS.WriteStream>

const redrawMs = 500
const lineMs = 10_000

/**
 * Shows what a long work has done: on a terminal as one line that changes, elsewhere as a line every ten seconds.
 *
 * @param done says it
 * @returns what ends it
 */
export function showProgress(screen: Screen, done: () => string): () => void {
  const isTerminal = Boolean(screen.isTTY)
  const clear = () => {
    if (!isTerminal) return
    clearLine(screen as NodeJS.WriteStream, 0)
    cursorTo(screen as NodeJS.WriteStream, 0)
  }
  const show = () => {
    clear()
    // A line that wraps could not be replaced.
    screen.write(isTerminal ? done().slice(0, (screen.columns ?? 80) - 1) : `${done()}\n`)
  }
  const timer = setInterval(show, isTerminal ? redrawMs : lineMs)
  return () => {
    clearInterval(timer)
    clear()
  }
}

/** `950 bytes`, `12.3 MB`. */
export function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  const units = ['kB', 'MB', 'GB', 'TB']
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), units.length)
  return `${(bytes / 1000 ** power).toFixed(1)} ${units[power - 1]}`
}
