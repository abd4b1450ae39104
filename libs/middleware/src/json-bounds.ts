/** The bounds of a JSON text. */
export interface JsonBounds {
  /** How many objects and lists may be open within each other. */
  depth: number
  /** How many fields and elements it may have in all. */
  values: number
}

// Ours have four.
const mostDepth = 32
// A field takes ten bytes or more, or the text has been made to have many.
const bytesPerValue = 10
const leastValues = 1_000

/** The bounds of a body that may have so many bytes. */
export const jsonBoundsFor = (limitBytes: number): JsonBounds => ({
  depth: mostDepth,
  values: Math.max(leastValues, Math.floor(limitBytes / bytesPerValue)),
})

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c]
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * What of a JSON text is beyond its bounds, and where; undefined if nothing is. It is looked at before it is parsed, in one
 * pass without recursion. A text that is no JSON is for the parser to refuse.
 */
export function jsonBoundsFault(text: string, { depth, values }: JsonBounds): string | undefined {
  let open = 0
  let found = 0
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at)
        break
      case openList:
      case openObject:
        open += 1
        found += 1
        if (open > depth)
          return `More than ${depth} objects and lists within each other, at character ${at + 1}`
        break
      case closeList:
      case closeObject:
        open -= 1
        break
      case comma:
        found += 1
    }
    if (found > values) return `More than ${values} fields and elements, at character ${at + 1}`
  }
  return undefined
}

/** The place of the quote that ends a string; that of the end of the text if none does. */
export function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let escapes = 0
    while (text.charCodeAt(at - 1 - escapes) === backslash) escapes += 1
    if (escapes % 2 === 0) return at
  }
  return text.length
}
