import { AppError } from '../domain/errors'

// Far above any line of such a file, and little to keep in memory.
export const maxLineLength = 65_536

const separators = [',', ';', '\t'] as const

/**
 * Which separator a text has: the one that is most frequent in its first line with a character besides, outside quotes.
 *
 * @returns the whole text, too, since its beginning is read for it; the end of reading it releases `texts`
 * @throws AppError `import_unreadable`: that line has no end
 */
export async function detectSeparator(texts: AsyncIterable<string>) {
  const iterator = texts[Symbol.asyncIterator]()
  const release = async () => void (await iterator.return?.())
  let begin = ''
  let done = false
  const endsLine = lineEnds()
  try {
    let complete = false
    while (!complete && !done) {
      if (begin.length > maxLineLength)
        throw new AppError(
          'import_unreadable',
          `The first ${maxLineLength} characters have no whole line that names the columns`,
        )
      const next = await iterator.next()
      done = next.done === true
      if (next.done) break
      begin += next.value
      complete = endsLine(next.value)
    }
    return { delimiter: separatorOf(begin), whole: whole() }
  } catch (error) {
    await release()
    throw error
  }

  async function* whole() {
    try {
      yield begin
      if (!done) yield* { [Symbol.asyncIterator]: () => iterator }
    } finally {
      await release()
    }
  }
}

/** Whether the pieces so far have the end of a line that names columns. Each piece is looked at once. */
function lineEnds() {
  let named = false
  return (piece: string) => {
    const at = named ? 0 : piece.search(/[^\s,;"]/)
    named = at >= 0
    return named && /[\r\n]/.test(piece.slice(at))
  }
}

/** @param text begins with a line that names columns; lines of nothing but separators may come before */
function separatorOf(text: string): string {
  const unquoted = text.replaceAll(/"[^"]*"/g, 'x')
  const line = /^.*[^\s,;].*$/m.exec(unquoted)?.[0] ?? unquoted
  const count = (separator: string) => line.split(separator).length
  return separators.reduce((best, each) => (count(each) > count(best) ? each : best))
}
