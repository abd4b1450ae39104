import type { Tree } from '@nx/devkit'
import { namesOfService, replacing } from '../names'
import { edit, readServices } from '../workspace/services'
import { filesOf } from '../workspace/template'
import { addEntry, entryOf } from '../workspace/text'

// What a generated service has, the user service has in the chart.
const model = 'user-service'
// Where the first service gives its database to the others, this one shows how they take it.
const installed = 'order-service'
const folder = 'deploy/helm/ordinal'

interface Schema {
  $defs: Record<string, unknown>
  properties: { services: { properties: Record<string, unknown> } }
}

/**
 * Gives a service its part in the values of the chart. From services.json, which the chart reads, come its Deployment, Service,
 * network policies and probes.
 */
export function enterInChart(tree: Tree, name: string): void {
  const last = readServices(tree)
    .filter((each) => each.name !== name)
    .at(-1)!.name
  const rename = replacing(
    new Map([model, installed].map((each) => [namesOfService(each).kebab, namesOfService(name).kebab])),
  )
  const enter = (file: string, apart: boolean, partOf: (text: string) => string) =>
    edit(tree, `${folder}/${file}`, (text) => addEntry(text, `  ${last}`, rename(partOf(text)), apart))
  const modelOf = (text: string) => entryOf(text, `  ${model}`).text

  enter('values.yaml', true, (text) => withAliases(withoutComments(modelOf(text))))
  enter('values-evaluation.yaml', false, modelOf)
  enter('values-production.yaml', true, databaseAndKey)
  for (const file of filesOf(tree, `${folder}/examples`)) enter(`examples/${file}`, false, databaseAndKey)

  edit(tree, `${folder}/values.schema.json`, (text) => {
    const schema = JSON.parse(text) as Schema
    const parts = schema.properties.services.properties
    parts[name] = JSON.parse(rename(JSON.stringify(parts[model]))) as unknown
    // What the service itself says is written here when that is built: `make docs`.
    schema.$defs[`${name}-env`] = { type: 'object', additionalProperties: false, properties: {} }
    return `${JSON.stringify(schema, null, 2)}\n`
  })
}

/** What an installation says of a service: it is reached from outside only where somebody names it. */
function databaseAndKey(text: string): string {
  const part = entryOf(text, `  ${installed}`).text
  return `  ${installed}:\n${entryOf(part, '    database').text}${entryOf(part, '    apiKey').text}`
}

/** They stand at the first one. */
const withoutComments = (entry: string) => entry.replaceAll(/^ *#.*\n/gm, '')

/** Blocks that the file has for all services, by the anchors of that: with the database, which a later one gives. */
function withAliases(entry: string): string {
  const marked = entry.replace(/^( +database:)$/m, '$1 &database')
  const lines = marked.split('\n')
  const kept: string[] = []
  let within = Infinity
  for (const line of lines) {
    const indent = line.search(/\S/)
    if (indent > within) continue
    const [, key, anchor] = /^( +[a-z]+:) &([a-z]+)/i.exec(line) ?? []
    within = key === undefined ? Infinity : indent
    kept.push(key === undefined ? line : `${key} *${anchor}`)
  }
  return kept.join('\n')
}
