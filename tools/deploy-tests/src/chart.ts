import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { program, yaml } from './programs'

export const root = join(__dirname, '../../..')
export const chart = join(root, 'deploy/helm/ordinal')

/** A part of an object: of which shape, the schemas of the API check. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Part = any

/** An object of Kubernetes, as far as tests look at all of them alike. */
export interface KubernetesObject {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    labels: Record<string, string>
    annotations?: Record<string, string>
  }
  spec: Part
  data?: Record<string, string>
  stringData?: Record<string, string>
}

export interface Values {
  /** Files of values, as they are named in the chart's folder. */
  files?: string[]
  /** `--set` of helm. */
  set?: Record<string, string>
  /** `--set-json` of helm. */
  json?: Record<string, unknown>
}

const seed = '7d1f0b6f5b7a4b6e8f0d3c2a19584736afbecd102938475664738291a0b1c2d3'

/** All values that are shipped: those of the two installations, and the examples. */
export const shippedValues = (): [string, Values][] =>
  [
    'values-production.yaml',
    'values-evaluation.yaml',
    ...readdirSync(join(chart, 'examples')).map((file) => `examples/${file}`),
  ].map((file) => [
    basename(file, '.yaml').replace('values-', ''),
    { files: [file], ...(file.includes('evaluation') && { set: { 'evaluation.seed': seed } }) },
  ])
export const production: Values = { files: ['values-production.yaml'] }
export const evaluation: Values = { files: ['values-evaluation.yaml'], set: { 'evaluation.seed': seed } }

const argumentsOf = ({ files = [], set = {}, json = {} }: Values) => [
  ...files.flatMap((file) => ['--values', join(chart, file)]),
  ...Object.entries(set).flatMap(([path, value]) => ['--set-string', `${path}=${value}`]),
  ...Object.entries(json).flatMap(([path, value]) => ['--set-json', `${path}=${JSON.stringify(value)}`]),
]

function helm(...args: string[]) {
  const {
    status,
    stdout,
    stderr: said,
  } = spawnSync(program('helm'), args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  return { status, stdout, said: said.trim() }
}

/** What helm says of the chart with these values; nothing if it has no fault. */
export function faultsOfLint(values: Values): string {
  const { status, stdout, said } = helm('lint', '--strict', '--quiet', chart, ...argumentsOf(values))
  return status === 0 ? '' : `${stdout}${said}` || `helm lint ended with ${status}`
}

/** What helm says when it renders the chart with these values; nothing if it does. Lint lets pass what the chart itself refuses. */
export function faultsOfRendering(values: Values): string {
  try {
    render(values)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

/** The text that the chart gives with these values. */
export function render(values: Values, release = 'ordinal'): string {
  const { status, stdout, said } = helm(
    'template',
    release,
    chart,
    '--namespace',
    'ordinal',
    ...argumentsOf(values),
  )
  if (status !== 0) throw new Error(said)
  return stdout
}

/** The objects in a text of manifests. */
export const objectsIn = (text: string): KubernetesObject[] =>
  yaml()
    .parseAllDocuments(text)
    .flatMap((document) => {
      if (document.errors[0]) throw document.errors[0]
      return (document.toJS() as KubernetesObject | null) ?? []
    })

export const renderObjects = (values: Values): KubernetesObject[] => objectsIn(render(values))
