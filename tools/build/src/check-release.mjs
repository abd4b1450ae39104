// Whether a tag is the version of all that is published, and the changelog has a part for it: check-release.mjs v1.2.0
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './services.mjs'

const [tag = ''] = process.argv.slice(2)
const read = (file) => readFileSync(join(root, file), 'utf8')
const versionOf = (file) => JSON.parse(read(file)).version
const chart = (field) =>
  read('deploy/helm/ordinal/Chart.yaml')
    .split('\n')
    .find((line) => line.startsWith(`${field}: `))
    ?.slice(field.length + 2)

const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/package.json`)
const versions = [
  ...['package.json', ...packages].map((file) => [file, versionOf(file)]),
  ['version of the chart', chart('version')],
  ['appVersion of the chart', chart('appVersion')],
]
const faults = versions
  .filter(([, version]) => `v${version}` !== tag)
  .map(([what, version]) => `${what} is ${version}, the tag ${tag}`)
if (
  !read('CHANGELOG.md')
    .split('\n')
    .some((line) => line.startsWith('## ') && line.split(' ')[1] === tag.slice(1))
)
  faults.push(`CHANGELOG.md has no part for ${tag.slice(1)}`)

for (const fault of faults) console.error(`::error::${fault}`)
process.exitCode = faults.length > 0 ? 1 : 0
