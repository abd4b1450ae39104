import { Function, type Profile } from 'pprof-format'
import type { SourceMap } from './source-map'

/**
 * Names what is in a program by its sources: functions get the files that they are from, and their names there;
 * lines become those of the sources. The profile itself is changed.
 *
 * @param profile its lines carry their columns
 */
export function nameSources(profile: Profile, program: string, sourceMap: SourceMap): Profile {
  const strings = profile.stringTable
  const functionsById = new Map(profile.function.map((each) => [each.id, each]))
  const lines = profile.location.flatMap(({ line }) => line)
  const bundled = lines.flatMap((line) => {
    const generated = functionsById.get(line.functionId)
    return generated && strings.strings[Number(generated.filename)] === program ? [{ line, generated }] : []
  })
  const originals = sourceMap.originals(
    bundled.map(({ line }) => ({ line: Number(line.line), column: Number(line.column) })),
  )

  const functions = new Map<string, Function>()
  bundled.forEach(({ line, generated }, index) => {
    const original = originals[index]
    if (!original) return
    const name = nameOf(strings.strings[Number(generated.name)] ?? '', original)
    const key = `${original.file}:${original.line}:${name}`
    let named = functions.get(key)
    if (!named) {
      const nameIndex = strings.dedup(name)
      named = new Function({
        id: profile.function.length + 1,
        name: nameIndex,
        systemName: nameIndex,
        filename: strings.dedup(original.file),
        startLine: original.line,
      })
      functions.set(key, named)
      profile.function.push(named)
    }
    line.functionId = named.id
    line.line = original.line
    line.column = 0
  })
  return profile
}

/** Where two sources of a bundle have a name in common, it is numbered in one of them: `start2`. */
function nameOf(generated: string, original: { line: number; name: string | undefined }): string {
  if (generated.startsWith('(anonymous')) return `(anonymous:${original.line})`
  const { name } = original
  return name && generated.startsWith(name) && /^\d+$/.test(generated.slice(name.length)) ? name : generated
}
