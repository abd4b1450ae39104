import { Writable } from 'node:stream'

/** A stream for a logger to write to, and what it has written: one object for each line. */
export function collectLog() {
  const entries: Record<string, unknown>[] = []
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      for (const line of text.split('\n').filter(Boolean)) {
        entries.push(JSON.parse(line) as Record<string, unknown>)
      }
      done()
    },
  })
  return {
    stream,
    entries,
    /** The entries with this message. */
    of: (message: string) => entries.filter((entry) => entry.message === message),
  }
}
