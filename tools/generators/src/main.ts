// Writes what is made from other files: .env.example, docs/configuration.md and the variables in the schema of the chart's
// values from the schemas that parse the environment, docs/security.md from the tables by which calls are checked, the OpenAPI
// documents of the client from the routes, and the files that the chart has of the rest. With --check it only says whether they
// are as it would write them. The services print their schemas, tables and documents themselves: build them first.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
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

/** What a service prints of itself. */
function described<T>(service: string, flag: `--describe-${'config' | 'access' | 'api'}`): T {
  const bundle = join(root, 'dist/apps', service, 'main.js')
  return JSON.parse(execFileSync(process.execPath, [bundle, flag], { encoding: 'utf8' })) as T
}

const variables = services.map(
  ({ title, name }) => [title, described<DocumentedVariable[]>(name, '--describe-config')] as const,
)
const groups = groupVariables({ ...Object.fromEntries(variables), 'Local stack': [localStack] })

interface AccessRow {
  role: string
  scopes: string[]
  own: boolean
  only?: string
}

/** Who may do what in a service, a line for each operation. */
function matrixOf({ title, name }: { title: string; name: string }): string {
  const mark = (may: boolean) => (may ? 'yes' : '')
  const rank = ['viewer', 'operator', 'admin']
  const rows = Object.entries(described<Record<string, AccessRow>>(name, '--describe-access')).map(
    ([operation, { role, scopes, own, only }]) => {
      const byRole = rank.map((_, has) => mark(has >= rank.indexOf(role)))
      const ofScopes = scopes.map((scope) => `\`${scope}\``).join(', ')
      return `| \`${operation}\` | ${[...byRole, only ?? mark(own), ofScopes].join(' | ')} |`
    },
  )
  return [
    `## ${title}`,
    '',
    '| operation | viewer | operator | admin | customer, of their own | scopes of keys, of which one is enough |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

// What the chart sets itself, from values of their own.
const ofTheChart =
  /^(NODE_ENV|([A-Z_]+_)?(HOST|PORT|GRPC_PORT|DEBUG_PORT|TLS_[A-Z_]+_FILE|TLS_REQUIRE_CLIENT_CERTIFICATE|DB_(HOST|PORT|USER|NAME))|ORDER_SERVICE_(USER_SERVICE|SEQUENCER)_URL|API_KEYS_URL|SEQUENCER_CONSOLE(_USERS_URL|_ORDERS_URL)?|ALLOWED_HOSTS|CORS_ORIGINS|SHUTDOWN_[A-Z_]+|MIGRATION_LOCK_TIMEOUT_MS|TRUST_PROXY|REQUIRE_AUTHENTICATION|JWKS_URL|JWT_ISSUER|JWT_AUDIENCE|OTEL_EXPORTER_OTLP_ENDPOINT)$/

/** The schema of the chart's values: `env` of a service takes its variables that are no secrets, and `env` those that all have. */
function chartSchema(): string {
  const file = join(root, 'deploy/helm/ordinal/values.schema.json')
  const schema = JSON.parse(readFileSync(file, 'utf8')) as { $defs: Record<string, unknown> }
  const free = variables.map(([, of]) =>
    of.filter(({ name, secret }) => !secret && !ofTheChart.test(name)).map(({ name }) => name),
  )
  const env = (names: string[]) => ({
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(names.sort().map((name) => [name, { $ref: '#/$defs/scalar' }])),
  })
  schema.$defs.env = env(free[0]!.filter((name) => free.every((names) => names.includes(name))))
  for (const [index, { name }] of services.entries()) schema.$defs[`${name}-env`] = env(free[index]!)
  return `${JSON.stringify(schema, null, 2)}\n`
}

/** What the chart holds of the rest of the repository, since Helm reads nothing outside of a chart. */
function chartFiles(): Record<string, string> {
  const into = 'deploy/helm/ordinal/files'
  const copied = (folder: string, ending: string, to: string) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(ending))
      .map((name) => [`${into}/${to}/${name}`, readFileSync(join(root, folder, name), 'utf8')])
  const alone = ['services.json', 'tools/containers/init-database.sql'].map((file) => [
    `${into}/${basename(file)}`,
    readFileSync(join(root, file), 'utf8'),
  ])
  return Object.fromEntries([
    ...alone,
    ...copied('monitoring/rules', '.rules.yml', 'rules'),
    ...copied('monitoring/grafana/dashboards', '.json', 'dashboards'),
  ]) as Record<string, string>
}

/** What the client's types are made from, and its next release is compared with. */
const documents = services.map(({ name, client }) => [
  `packages/client/openapi/${client}.json`,
  `${JSON.stringify(described(name, '--describe-api'), null, 2)}\n`,
])

const files: Record<string, string> = {
  ...chartFiles(),
  ...(Object.fromEntries(documents) as Record<string, string>),
  'deploy/helm/ordinal/values.schema.json': chartSchema(),
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

A fault stops the start. Missing, invalid and unknown variables are reported together, one a line; values that do not go
together, and example secrets in production, once there are none of those.
\`node dist/apps/<service>/main.js --check-config\` only checks. This page is made from the schemas by \`make docs\`.

${renderMarkdownTable(groups)}`,
  'docs/security.md': `# Who may do what

Where authentication is required (\`REQUIRE_AUTHENTICATION=true\`, [known callers only](operations/secure.md#known-callers-only)), a
call is answered with 401 for a caller that is not known, and with 403 for one that may not do it. Made from the tables by which calls
are checked, by \`make docs\`.

An API key without scopes may do what an operator may. One with scopes may do what one of its scopes is for, and nothing else; a
scope of numbers may name one sequence (\`numbers:issue:INV\`). An operation without a scope is closed to them. A customer can reach only its
own user and that user's orders: to it, others look as if they did not exist. A token without a role may do nothing here; with
\`SEQUENCER_REQUIRE_AUTHENTICATION=true\` alone it may do at the sequencer what anyone may where authentication is not required.

Probes and metrics, \`/docs\`, \`/openapi.json\`, \`/errors\`, \`/schemas\`, and health and reflection of gRPC need no credentials.

## Keys that leaked

A key that an administrator made looks like \`ordinal_7hKq2LmXw0Rt_…\`, with 46 letters and digits at its end. Scanners of
repositories and logs find it by this regular expression:

\`\`\`
\\bordinal_[0-9A-Za-z]{12}_[0-9A-Za-z]{46}\\b
\`\`\`

The last six characters are the CRC-32 of all before them, to the base of 62 (0-9, A-Z, a-z): with it a scanner tells a key from what only looks
like one. The part in the middle is the id, by which the key [is revoked](operations/secure.md#api-keys). Our own logs have the id alone.

${services.map(matrixOf).join('\n')}`,
}

let stale = 0
for (const [file, text] of Object.entries(files)) {
  const target = join(root, file)
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, text)
  } else if (readFileSync(target, 'utf8') !== text) {
    console.error(`${file} is not what it is made from: run "make docs" and commit it`)
    stale += 1
  }
}
process.exitCode = stale > 0 ? 1 : 0
