import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '@ordinal/system-tests'

/** What is shipped. */
export const folder = join(root, 'monitoring')
export const configFile = join(folder, 'prometheus.yml')

const filesIn = (path: string, ending: string) =>
  readdirSync(join(folder, path))
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, path, name))

export const ruleFiles = () => filesIn('rules', '.rules.yml')
export const ruleTestFiles = () => filesIn('rules', '.test.yml')
export const dashboardFiles = () => filesIn('grafana/dashboards', '.json')
export const textOf = (file: string) => readFileSync(file, 'utf8')

/** The names of all alerts. */
export const alertNames = () =>
  ruleFiles().flatMap((file) => [...textOf(file).matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name!))
