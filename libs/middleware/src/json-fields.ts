import { endOfString } from './json-bounds'

const [quote, backslash, colon] = [0x22, '\\', 0x3a]
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * The name of a field that an object of a JSON text has twice, of which a parser would keep the last; undefined if there is
 * none. What a proxy or a log took from the first would be something else than what is done. A text that is no JSON is for
 * the parser to refuse.
 */
export function repeatedField(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = []
  let last = '""'
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote: {
        const end = endOfString(text, at)
        last = text.slice(at, end + 1)
        at = end
        break
      }
      case openObject:
        open.push(new Set())
        break
      case openList:
        open.push(undefined)
        break
      case closeObject:
      case closeList:
        open.pop()
        break
      case colon: {
        const names = open.at(-1)
        const name = nameIn(last)
        if (names?.has(name)) return name
        names?.add(name)
      }
    }
  }
  return undefined
}

/** As a parser reads it: a name may be written with escapes. */
function nameIn(literal: string): string {
  if (!literal.includes(backslash)) return literal.slice(1, -1)
  try {
    return String(JSON.parse(literal))
  } catch {
    return literal
  }
}
