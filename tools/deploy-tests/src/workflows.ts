import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './chart'
import { yaml } from './programs'

export const workflowsFolder = join(root, '.github/workflows')

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
}
export interface Job {
  needs?: string | string[]
  uses?: string
  permissions?: Record<string, string>
  'timeout-minutes'?: number
  steps?: Step[]
}
export interface Workflow {
  jobs: Record<string, Job>
}

export const readWorkflow = (file: string) =>
  yaml().parse(readFileSync(join(workflowsFolder, file), 'utf8')) as Workflow

const stepsOf = ({ jobs }: Workflow) => Object.values(jobs).flatMap(({ steps = [] }) => steps)

/** The files and folders of the repository that commands of a workflow name, but those that a build makes. */
export function pathsIn(workflow: Workflow): string[] {
  const folders = new Set(readdirSync(root))
  const words = stepsOf(workflow).flatMap(({ run = '' }) => run.split(/[\s"'`;|(){}<>=]+/))
  const paths = words.filter((word) => word.includes('/') && folders.has(word.split('/')[0]!))
  return [...new Set(paths)].filter((path) => !path.includes('/dist/') && !path.includes('*'))
}

/** The targets of the Makefile, or of .ci/run, that commands of a workflow ask for. */
export const targetsIn = (workflow: Workflow): string[] => [
  ...new Set(
    stepsOf(workflow).flatMap(({ run = '' }) =>
      [...run.matchAll(/(?:^|[\s;])(?:make|\.ci\/run) ([a-z-]+)/g)].map(([, target]) => target!),
    ),
  ),
]

/** All jobs that have succeeded before a job begins. */
export function jobsBefore({ jobs }: Workflow, name: string): Set<string> {
  const direct = [jobs[name]!.needs ?? []].flat()
  return new Set(direct.flatMap((each) => [each, ...jobsBefore({ jobs }, each)]))
}
