import type { Tree } from '@nx/devkit'
import { namesOfService, spellingsOf } from '../names'
import { edit, textOf } from './services'
import { filesOf } from './template'
import { insertAfter } from './text'
import { addElement, addImports, isPropertyNamed, isReturned, isReturnedBy } from './typescript'

const folder = 'packages/client/src'

/** What the client can do with a service. */
export const clientFile = (service: string) => `${folder}/${namesOfService(service).short}.ts`

/** The types of that: in a file of their own, of which all is published. */
const typesFile = (service: string) => `${folder}/${namesOfService(service).short}-types.ts`

/** What is written of the client, in whose way a name would be. */
export const clientSources = (tree: Tree): string[] =>
  filesOf(tree, folder)
    .filter((file) => !file.startsWith('generated/'))
    .map((file) => textOf(tree, `${folder}/${file}`))

/** Gives the client the calls of a service. Their types are made from its OpenAPI document, which it prints when it is built. */
export function enterInClient(tree: Tree, name: string, resource: string, plural: string): void {
  const { client, short } = namesOfService(name)
  const { pascal } = spellingsOf(short)
  tree.write(clientFile(name), callsOf(name, resource, plural))
  tree.write(typesFile(name), typesOf(name, resource, plural))
  edit(tree, `${folder}/options.ts`, (text) =>
    insertAfter(text, /^export interface Addresses \{\n(?: +\w+\?: string\n)+/m, `  ${client}?: string\n`),
  )
  edit(tree, `${folder}/index.ts`, (text) =>
    insertAfter(
      text,
      /^export \{ createOrdinal, .*\n/m,
      `export type * as ${pascal} from './${short}-types'\n`,
    ),
  )
  edit(tree, `${folder}/ordinal.ts`, (text) => {
    const send = `sender('${client}', options)`
    const diagnostics = `${client}: diagnosticsOf<${pascal}.Diagnostics>(${send})`
    const withCalls = addElement(text, isReturned, `${client}: ${client}Of(${send})`)
    return addImports(addElement(withCalls, isPropertyNamed('diagnostics'), diagnostics), [
      `import { ${client}Of } from './${short}'`,
      `import type * as ${pascal} from './${short}-types'`,
    ])
  })
}

/** Adds a resource to what the client has of a service. */
export function addToClient(tree: Tree, name: string, resource: string, plural: string): void {
  edit(tree, clientFile(name), (text) =>
    addElement(
      text,
      isReturnedBy(`${namesOfService(name).client}Of`),
      callsOfResource(name, resource, plural),
    ),
  )
  edit(tree, typesFile(name), (text) => `${text}\n${typesOfResource(resource, plural)}`)
}

// The client is published, and so has no sample to copy: what it has of users is made with the same function.
function callsOf(name: string, resource: string, plural: string): string {
  const { client, short, words } = namesOfService(name)
  return `import type * as ${spellingsOf(short).pascal} from './${short}-types'
import { resourceOf } from './resource'
import type { Send } from './send'

/** The ${words}. */
export const ${client}Of = (send: Send) => ({
  ${callsOfResource(name, resource, plural)},
})
`
}

function callsOfResource(name: string, resource: string, plural: string): string {
  const service = spellingsOf(namesOfService(name).short).pascal
  const { pascal } = spellingsOf(resource)
  const types = [pascal, `New${pascal}`, `${pascal}Change`, `${pascal}PageQuery`, `${pascal}Page`].map(
    (type) => `${service}.${type}`,
  )
  return `${spellingsOf(plural).camel}: resourceOf<${types.join(', ')}>(send, '/api/v1/${plural}')`
}

const typesOf = (name: string, resource: string, plural: string) =>
  `import type { components, operations } from './generated/${namesOfService(name).client}'
import type { Answer, Body, PageQuery, Query } from './types'

export type Diagnostics = Answer<operations['get_diagnostics']>

${typesOfResource(resource, plural)}`

function typesOfResource(resource: string, plural: string): string {
  const { pascal } = spellingsOf(resource)
  const { snake } = spellingsOf(plural)
  return `export type ${pascal} = components['schemas']['${pascal}']
export type New${pascal} = Body<operations['post_${snake}']>
export type ${pascal}Change = Body<operations['patch_${snake}_id']>
export type ${pascal}Filter = Query<operations['get_${snake}']>
export type ${pascal}PageQuery = PageQuery<operations['get_${snake}']>
export type ${pascal}Page = Answer<operations['get_${snake}']>
`
}

/** Words that the types of no resource can have. */
export const wordsOfTypes = [
  'components',
  'operations',
  'Answer',
  'Body',
  'PageQuery',
  'Query',
  'Diagnostics',
]
