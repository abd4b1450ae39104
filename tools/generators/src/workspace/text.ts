// Edits of files that people write, too: each finds its place by what is there, and fails if that is not there any more.

/** @throws Error if the text has not what is sought: then nothing of the generator is written */
export function insertAfter(text: string, place: RegExp, addition: string): string {
  const found = place.exec(text)
  if (!found)
    throw new Error(`Nothing fits ${place}, where the generator would add ${JSON.stringify(addition)}`)
  const end = found.index + found[0].length
  return text.slice(0, end) + addition + text.slice(end)
}

/** The entry of a key in a file of YAML: its line, and those that are indented further. */
export interface Entry {
  start: number
  end: number
  text: string
}

/**
 * The first entry of a key.
 *
 * @param key with the blanks in front of it
 * @throws Error if there is none
 */
export function entryOf(text: string, key: string): Entry {
  const start = `\n${text}`.indexOf(`\n${key}:`)
  if (start < 0) throw new Error(`There is no key "${key.trim()}"`)
  const indent = key.length - key.trimStart().length
  const lines = text.slice(start).split('\n')
  const after = lines.findIndex((line, at) => at > 0 && line !== '' && line.search(/\S/) <= indent)
  const block = after < 0 ? text.slice(start) : `${lines.slice(0, after).join('\n')}\n`
  return { start, end: start + block.length, text: block.replace(/\n*$/, '\n') }
}

/** Adds an entry behind that of a key, with an empty line between the two if `apart`. */
export function addEntry(text: string, behind: string, addition: string, apart: boolean): string {
  const { start, text: before } = entryOf(text, behind)
  const end = start + before.length
  return `${text.slice(0, end)}${apart ? '\n' : ''}${addition}${text.slice(end)}`
}
