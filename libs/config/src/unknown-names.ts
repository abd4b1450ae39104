import { closest } from 'fastest-levenshtein'
import type { Fault } from './config-error'
import type { Definition, Environment } from './define'
import { isInjected } from './kubernetes'
import { oneLine } from './one-line'

/** A fault for each variable that is set, has one of the service's prefixes, and is not known: most are typos. */
export function faultsOfUnknownNames({ prefixes, variables }: Definition, env: Environment): Fault[] {
  const known = Object.values(variables).map(({ name }) => name)
  return Object.entries(env).flatMap(([name, value]) => {
    const prefix = prefixes.find((prefix) => name.startsWith(prefix))
    if (prefix === undefined || !value || known.includes(name)) return []
    if (isInjected(name.slice(prefix.length), value)) return []
    return { variable: name, message: `${oneLine(name)} is not known: did you mean ${closest(name, known)}?` }
  })
}
