import { readFile } from 'node:fs/promises'

/** A place in a program; line and column are counted from 1. */
export interface Position {
  line: number
  column: number
}

/** A place in a source. */
export interface Original {
  /** As from the root of the repository: `apps/sequencer/src/main.ts`. */
  file: string
  line: number
  /** What the source calls what the program calls otherwise. */
  name: string | undefined
}

export interface SourceMap {
  /** The places in the sources for places in the program, one for each; undefined for what is from no source. */
  originals(positions: readonly Position[]): (Original | undefined)[]
}

interface Payload {
  sources: string[]
  names: string[]
  mappings: string
}

/** The source map beside a program; undefined if it has none. */
export async function readSourceMap(program: string): Promise<SourceMap | undefined> {
  const text = await readFile(`${program}.map`, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const { sources, names, mappings } = JSON.parse(text) as Payload
  // A bundle's folder is not where its sources were: what leads out of it is left out.
  const fileOf = (source: number) => sources[source]?.replace(/^(\.\.?\/)+/, '') ?? ''
  return {
    originals: (positions) =>
      findSegments(mappings, positions).map(
        (segment) =>
          segment && {
            file: fileOf(segment.source),
            line: segment.line + 1,
            name: segment.name === undefined ? undefined : names[segment.name],
          },
      ),
  }
}

/** A mapping of a source map; all is counted from 0. */
interface Segment {
  source: number
  line: number
  name: number | undefined
}

/**
 * Of each position, the last mapping at or before it on its line. Reads the mappings once from begin to end and
 * keeps only what is asked for: to have them as objects takes 80 MB and a tenth of a second, in which no request
 * is answered.
 */
function findSegments(mappings: string, positions: readonly Position[]): (Segment | undefined)[] {
  const found: (Segment | undefined)[] = positions.map(() => undefined)
  const wanted = positions
    .map(({ line, column }, index) => ({ line: line - 1, column: column - 1, index }))
    .sort((a, b) => a.line - b.line || a.column - b.column)
  let next = 0
  let [line, column, source, sourceLine, name] = [0, 0, 0, 0, 0]
  let latest: Segment | undefined

  /** Answers what is asked for before this place. */
  const answerBefore = (line: number, column: number) => {
    for (let want = wanted[next]; want; want = wanted[++next]) {
      if (want.line > line || (want.line === line && want.column >= column)) return
      found[want.index] = latest
    }
  }

  const fields = [0, 0, 0, 0, 0]
  let at = 0
  while (at < mappings.length && next < wanted.length) {
    const separator = mappings.charCodeAt(at)
    if (separator === SEMICOLON) {
      answerBefore(line + 1, 0)
      line += 1
      column = 0
      latest = undefined
      at += 1
    } else if (separator === COMMA) {
      at += 1
    } else {
      let count = 0
      for (; at < mappings.length && !isSeparator(mappings.charCodeAt(at)); count++) {
        let value = 0
        let digit: number
        let shift = 0
        do {
          digit = base64.indexOf(mappings[at++]!)
          value += (digit & 31) << shift
          shift += 5
        } while (digit & 32)
        fields[count] = value & 1 ? -(value >>> 1) : value >>> 1
      }
      const [byColumn = 0, bySource = 0, byLine = 0, , byName = 0] = fields
      column += byColumn
      answerBefore(line, column)
      if (count >= 4) {
        source += bySource
        sourceLine += byLine
      }
      if (count >= 5) name += byName
      latest = count >= 4 ? { source, line: sourceLine, name: count >= 5 ? name : undefined } : undefined
    }
  }
  answerBefore(line + 1, 0)
  return found
}

const SEMICOLON = 59
const COMMA = 44
const isSeparator = (code: number) => code === SEMICOLON || code === COMMA
const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
