import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from './chart'

export const prefixOf = (service: string) => service.toUpperCase().replaceAll('-', '_')

interface DescribedVariable {
  name: string
  description: string
  secret: boolean
  required: boolean
}

const described = new Map<string, DescribedVariable[]>()

/** The variables of a service, as it describes them itself. */
export function variablesOf(service: string): DescribedVariable[] {
  const bundle = join(root, 'dist/apps', service, 'main.js')
  const known =
    described.get(service) ??
    (JSON.parse(
      execFileSync(process.execPath, [bundle, '--describe-config'], { encoding: 'utf8' }),
    ) as DescribedVariable[])
  described.set(service, known)
  return known
}
