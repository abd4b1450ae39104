// Writes .env.example and docs/configuration.md from the schemas that parse the environment; with --check, only
// says whether they are as it would write them. The services tell their variables themselves: build them first.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  groupVariables,
  renderEnvExample,
  renderMarkdownTable,
  type DocumentedVariable,
} from '@ordinal/config'
import services from '../../../services.json'

/** The bundle is dist/tools/generators/main.js. */
const root = resolve(__dirname, '../../..')

const localStack: DocumentedVariable = {
  name: 'LOCAL_POSTGRES_PORT',
  description: 'Port of the embedded PostgreSQL of make run; 0 takes a free one and keeps it',
  default: '0',
  example: '5433',
  required: false,
  secret: false,
}

function describe(service: string): DocumentedVariable[] {
  const bundle = join(root, 'dist/apps', service, 'main.js')
  return JSON.parse(
    execFileSync(process.execPath, [bundle, '--describe-config'], { encoding: 'utf8' }),
  ) as DocumentedVariable[]
}

const described = services.map(({ title, name }) => [title, describe(name)] as const)
const groups = groupVariables({ ...Object.fromEntries(described), 'Local stack': [localStack] })

const files = {
  '.env.example': `# Every variable of Ordinal, with its default. Copy to .env and change what you need.
# A secret (docs/configuration.md marks them) may be in a file instead, which <NAME>_FILE names:
# JWT_SECRET_FILE=/run/secrets/jwt_secret
# Made from the schemas by "make docs": do not edit.

${renderEnvExample(groups)}`,
  'docs/configuration.md': `# Configuration

The services read the environment once, at their start, and the file \`.env\` for what the environment does not say
(as [dotenv](https://github.com/motdotla/dotenv) reads it: comments, quotes, \`export\`). Each secret may be in a file
instead, as Docker and Kubernetes hand them out: \`JWT_SECRET_FILE=/run/secrets/jwt_secret\` in place of \`JWT_SECRET\`.
A line break at the end of the file is not part of the secret. Both at once, and a file that is missing or empty, are faults.

A bad value stops the start: all faults at once, a line each. \`node dist/apps/<service>/main.js --check-config\` does
only that. This page is made from the schemas by \`make docs\`.

${renderMarkdownTable(groups)}`,
}

let stale = 0
for (const [file, text] of Object.entries(files)) {
  const target = join(root, file)
  if (!process.argv.includes('--check')) writeFileSync(target, text)
  else if (readFileSync(target, 'utf8') !== text) {
    console.error(`${file} is not what the schemas say: run "make docs" and commit it`)
    stale += 1
  }
}
process.exitCode = stale > 0 ? 1 : 0
