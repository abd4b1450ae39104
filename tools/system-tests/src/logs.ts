import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A process that says something. */
interface Speaker {
  name: string
  /** All it has said. */
  log(): string
}

declare global {
  // Called by environment.ts.
  var showLogs: (() => void) | undefined
}

const speakers = new Set<Speaker>()
const shownLines = 15

/** Shows what a process has said when a test fails, from now until `forget`. */
export function remember(speaker: Speaker): void {
  speakers.add(speaker)
  globalThis.showLogs = showLogs
}

export function forget(speaker: Speaker): void {
  speakers.delete(speaker)
}

function showLogs(): void {
  const folder = mkdtempSync(join(tmpdir(), 'ordinal-system-tests-'))
  const shown = [...speakers].map((speaker, index) => {
    const file = join(folder, `${index}-${speaker.name}.log`)
    writeFileSync(file, speaker.log())
    return `${speaker.name}, whole log in ${file}\n${tellingLines(speaker.log()).join('\n')}`
  })
  if (shown.length > 0) process.stderr.write(`\n${shown.join('\n\n')}\n\n`)
}

/** The last lines but those of requests that went well, of which there are thousands. */
const tellingLines = (log: string) =>
  log
    .split('\n')
    .filter((line) => line && !(line.includes('"request"') && line.includes('"level":"info"')))
    .slice(-shownLines)
