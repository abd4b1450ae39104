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
  /** What the source calls the last thing up to there that the program calls otherwise. */
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
            name: segment.name < 0 ? undefined : names[segment.name],
          },
      ),
  }
}

/** Where a piece of the program is from; all is counted from 0. */
interface Segment {
  source: number
  line: number
  /** The last one up to there; -1 for none. */
  name: number
}

/** Of each position, the last segment that begins at or before it on its line. */
function findSegments(mappings: string, positions: readonly Position[]): (Segment | undefined)[] {
  const found: (Segment | undefined)[] = positions.map(() => undefined)
  const wanted = positions
    .map(({ line, column }, index) => ({ line: line - 1, column: column - 1, index }))
    .sort((a, b) => a.line - b.line || a.column - b.column)

  let next = 0
  let before = { line: -1, segment: undefined as Segment | undefined }
  const answerUpTo = (line: number, column: number) => {
    for (let want = wanted[next]; want; want = wanted[++next]) {
      if (want.line > line || (want.line === line && want.column >= column)) return
      if (want.line === before.line) found[want.index] = before.segment
    }
  }
  readSegments(mappings, (line, column, segment) => {
    answerUpTo(line, column)
    before = { line, segment }
    return next < wanted.length
  })
  answerUpTo(Infinity, 0)
  return found
}

/**
 * Reads all segments, until told that it is enough. They are not kept: as objects, as Node's SourceMap has them,
 * those of a service take 80 MB.
 *
 * @param visit takes the place in the program where a segment begins; gives whether to go on
 */
function readSegments(
  mappings: string,
  visit: (line: number, column: number, segment: Segment | undefined) => boolean,
): void {
  let at = 0
  /** A number in base 64 and variable length, its sign in the lowest bit. */
  const readNumber = () => {
    let value = 0
    for (let shift = 0; ; shift += 5) {
      const digit = digitOf[mappings.charCodeAt(at++)]!
      value += (digit & 31) << shift
      if (digit < 32) return value & 1 ? -(value >>> 1) : value >>> 1
    }
  }
  const hasNumber = () => at < mappings.length && digitOf[mappings.charCodeAt(at)]! < 64

  // Each is the difference to the one before.
  let [line, column, source, sourceLine, name, lastName] = [0, 0, 0, 0, 0, -1]
  while (at < mappings.length) {
    if (!hasNumber()) {
      if (mappings[at++] === ';') [line, column] = [line + 1, 0]
      continue
    }
    column += readNumber()
    const hasSource = hasNumber()
    if (hasSource) {
      source += readNumber()
      sourceLine += readNumber()
      readNumber() // the column in the source
    }
    if (hasNumber()) lastName = name += readNumber()
    const segment = hasSource ? { source, line: sourceLine, name: lastName } : undefined
    if (!visit(line, column, segment)) return
  }
}

// By character code; 64 for what is no digit.
const digitOf = new Uint8Array(128).fill(64)
Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/').forEach((digit, value) => {
  digitOf[digit.charCodeAt(0)] = value
})
