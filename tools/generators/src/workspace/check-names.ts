import ts from 'typescript'
import { getProjects, type Tree } from '@nx/devkit'
import { namesOfService, spellingsOf } from '../names'
import { clientFile, clientSources, wordsOfTypes } from './client'
import { scopedNames } from './scopes'
import { readServices, textOf } from './services'
import { templateSources } from './template'

const shape = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/
// Keys of docker-compose.yml that are none of ours.
const containers = ['redis', 'prometheus', 'grafana', 'jaeger']
// Words that PostgreSQL takes for no table.
const wordsOfSql = new Set(['references'])

/** @throws Error if a service cannot have this name, with the reason */
export function requireServiceName(tree: Tree, name: string): void {
  requireShape(name, 'billing or payment-service')
  const { screaming, short, pascal, client } = namesOfService(name)
  if (tree.exists(`apps/${name}`)) refuse(name, `apps/${name} is there already; nothing is overwritten`)
  requireFreeProject(tree, name)

  if (identifiersOf(templateSources(tree)).has(`create${pascal}`))
    refuse(name, 'the code of a service uses it for something else')

  const services = readServices(tree)
  const alike = services.find((other) => namesOfService(other.name).short === short)
  if (alike) refuse(name, `${alike.name} is called ${short}, too, by make and in docker-compose.yml`)
  const taken = [...containers, ...services.map((other) => `${namesOfService(other.name).short}-db`)]
  if (taken.includes(name)) refuse(name, 'docker-compose.yml has a container of that name')

  const ofClient = identifiersOf(clientSources(tree))
  const inTheWay = [client, spellingsOf(short).pascal].find((each) => ofClient.has(each))
  if (inTheWay || tree.exists(clientFile(name)))
    refuse(name, `the client uses "${inTheWay ?? client}" for something else`)

  const named = [...textOf(tree, '.env.example').matchAll(/^(?:# ?)?([A-Z][A-Z_]+)=/gm)].map(
    ([, each]) => each!,
  )
  const variable = named.find((each) => each.startsWith(`${screaming}_`))
  if (variable) refuse(name, `its variables would begin with ${screaming}_, as ${variable} does`)
  const other = services.find((each) => `${screaming}_`.startsWith(`${namesOfService(each.name).screaming}_`))
  if (other) refuse(name, `${other.name} would take its variables for misspelt ones of its own`)

  const goal = ['run', 'dev', 'test'].map((verb) => `${verb}-${short}`)
  const targets = [...textOf(tree, 'Makefile').matchAll(/^([a-z][a-z -]*):/gm)].flatMap(([, each]) =>
    each!.split(' '),
  )
  const target = goal.find((each) => targets.includes(each))
  if (target) refuse(name, `make ${target} is something else`)
}

/** @throws Error if a service cannot keep something of this name, with the reason */
export function requireResourceName(tree: Tree, resource: string, plural: string): void {
  for (const noun of [resource, plural]) requireShape(noun, 'invoice or credit-note')
  if (resource === plural)
    refuse(plural, 'the plural must differ from the singular: give another with --plural')
  if (scopedNames(tree).includes(plural))
    refuse(plural, `keys with the scope ${plural}:read of another service could read it, too`)
  const used = new Set([...identifiersOf(templateSources(tree)), ...wordsOfTypes])
  for (const noun of [resource, plural]) {
    const { camel, pascal, snake } = spellingsOf(noun)
    const isKeyword = ts.identifierToKeywordKind(ts.factory.createIdentifier(camel)) !== undefined
    if (isKeyword) refuse(noun, 'it is a word of TypeScript')
    if (wordsOfSql.has(snake)) refuse(noun, 'it is a word of SQL')
    if ([camel, pascal].some((each) => used.has(each)))
      refuse(noun, 'the code of a service uses it for something else')
  }
}

/** @throws Error if a library cannot have this name, with the reason */
export function requireLibraryName(tree: Tree, name: string): void {
  requireShape(name, 'tax-rates')
  if (tree.exists(`libs/${name}`)) refuse(name, `libs/${name} is there already; nothing is overwritten`)
  requireFreeProject(tree, name)
  const { camel } = spellingsOf(name)
  if (ts.identifierToKeywordKind(ts.factory.createIdentifier(camel)) !== undefined)
    refuse(name, 'it is a word of TypeScript')
}

function requireShape(name: string, example: string): void {
  if (!shape.test(name))
    refuse(name, `a name has lower case letters, digits and single hyphens, such as ${example}`)
}

function requireFreeProject(tree: Tree, name: string): void {
  const project = getProjects(tree).get(name)
  if (project) refuse(name, `${project.root} has that name`)
}

function refuse(name: string, reason: string): never {
  throw new Error(`"${name}" cannot be used: ${reason}`)
}

/** Every name in the sources but those of demo widgets. */
function identifiersOf(sources: readonly string[]): Set<string> {
  const found = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) found.add(node.text)
    ts.forEachChild(node, visit)
  }
  for (const source of sources) visit(ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest))
  return found
}
