import { closest, distance } from 'fastest-levenshtein'
import type { Fault } from './config-error'
import type { Definition, Environment } from './define'
import { isInjected } from './kubernetes'
import { oneLine } from './one-line'
import { fileVariableOf } from './secret-files'

/**
 * A fault for each variable that is set, is not known, and has one of the service's prefixes, begins with the whole
 * name of a known one, or is a misspelt name.
 */
export function faultsOfUnknownNames({ prefixes, variables }: Definition, env: Environment): Fault[] {
  const known = Object.values(variables).flatMap(({ name, secret }) =>
    secret ? [name, fileVariableOf(name)] : [name],
  )
  return Object.entries(env).flatMap(([name, value]) => {
    if (!value || known.includes(name)) return []
    const prefix = prefixes.find((prefix) => name.startsWith(prefix))
    const meant = closest(name, known)
    const isOurs =
      prefix === undefined
        ? isMisspelt(name, meant) || known.some((other) => name.startsWith(`${other}_`))
        : !isInjected(name.slice(prefix.length), value)
    if (!isOurs) return []
    return { variable: name, message: `${oneLine(name)} is not known: did you mean ${meant}?` }
  })
}

/** One character is missing, too many or another, or two are swapped; short names are too often somebody else's. */
function isMisspelt(name: string, known: string): boolean {
  if (name.length < 8) return false
  const letters = (text: string) => [...text].sort().join('')
  const edits = distance(name, known)
  return edits === 1 || (edits === 2 && letters(name) === letters(known))
}
