import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import ts from 'typescript'
import type { KubernetesObject } from './chart'
import { programsFolder } from './programs'

/** What the schemas of the API have against the objects, a line each. */
export function faultsOfSchemas(objects: readonly KubernetesObject[]): string[] {
  const said = execFileSync(process.execPath, [join(__dirname, 'validate.mjs'), programsFolder], {
    input: JSON.stringify(objects),
    encoding: 'utf8',
  })
  return JSON.parse(said) as string[]
}

const packageOf: Record<string, string | undefined> = {
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'gateway.networking.k8s.io': '@kubernetes-models/gateway-api',
  'cert-manager.io': '@kubernetes-models/cert-manager',
}

/**
 * Fields that the types of the API do not have, and other faults of types, a line each. Schemas allow fields that they do not know,
 * and a server drops them in silence; TypeScript refuses them in an object that is written out.
 */
export function faultsOfTypes(objects: readonly KubernetesObject[]): string[] {
  const lines = objects.map((object, index) => {
    const name = packageOf[object.apiVersion.split('/')[0]!] ?? 'kubernetes-models'
    return `import type { I${object.kind} as T${index} } from '${name}/${object.apiVersion}'
export const o${index}: T${index} = ${JSON.stringify(object)}
`
  })
  const file = join(programsFolder, 'objects.ts')
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  }
  const host = ts.createCompilerHost(options)
  const read = host.getSourceFile.bind(host)
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, lines.join(''), ts.ScriptTarget.ES2023) : read(name, ...rest)
  const fileExists = host.fileExists.bind(host)
  host.fileExists = (name) => name === file || fileExists(name)
  const made = ts.createProgram([file], options, host)
  return ts.getPreEmitDiagnostics(made).map(({ messageText, start }) => {
    const line = lines.join('').slice(0, start).split('\n').length
    const object = objects[Math.floor((line - 1) / 2)]
    return `${object?.kind} ${object?.metadata.name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
}
