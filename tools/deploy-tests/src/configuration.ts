import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import services from '../../../services.json'
import { root } from './chart'

/** A service as services.json has it. */
export interface ServiceEntry {
  name: string
  port: number
  grpcPort?: number
  debugPort: number
  database: string
  databaseOwner?: string
  calls?: string[]
  followsKeys?: boolean
}
export const serviceEntries: ServiceEntry[] = services
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
