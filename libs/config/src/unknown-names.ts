import { closest, distance } from 'fastest-levenshtein'
import type { Fault } from './config-error'
import type { Definition, Environment } from './define'
import { isInjected } from './kubernetes'
import { oneLine } from './one-line'

/** A fault for each variable that is set, is not known, and has one of the service's prefixes or is a misspelt name. */
export function faultsOfUnknownNames({ prefixes, variables }: Definition, env: Environment): Fault[] {
  const known = Object.values(variables).map(({ name }) => name)
  return Object.entries(env).flatMap(([name, value]) => {
    if (!value || known.includes(name)) return []
    const prefix = prefixes.find((prefix) => name.startsWith(prefix))
    const meant = closest(name, known)
    if (prefix === undefined ? !isMisspelt(name, meant) : isInjected(name.slice(prefix.length), value))
      return []
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
