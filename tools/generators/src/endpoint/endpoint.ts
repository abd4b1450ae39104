import { formatFiles, logger, type GeneratorCallback, type Tree } from '@nx/devkit'
import {
  namesOfService,
  pluralOf,
  replacing,
  resourceReplacements,
  serviceReplacements,
  spellingsOf,
} from '../names'
import { requireResourceName } from '../workspace/check-names'
import { addToClient, clientFile } from '../workspace/client'
import { finish } from '../workspace/finish'
import { addScopes } from '../workspace/scopes'
import { edit, readServices, textOf } from '../workspace/services'
import { copyFiles, filesOf, migrationName, serviceTemplate } from '../workspace/template'
import {
  addBefore,
  addElement,
  addImports,
  declarationOf,
  firstElement,
  importsOf,
  isArgumentOf,
  isPropertyNamed,
  isValueOf,
} from '../workspace/typescript'

interface Options {
  resource: string
  service: string
  plural?: string
  finish: boolean
}

/**
 * Adds a resource to a service that was generated: what the sample service has of demo widgets.
 *
 * @throws Error if the service is none, or was not generated, or the name cannot be used
 */
export async function endpoint(tree: Tree, options: Options): Promise<GeneratorCallback> {
  const { resource, service, plural = pluralOf(resource) } = options
  requireResourceName(tree, resource, plural)
  requireGenerated(tree, service)
  const folder = `apps/${service}`
  if (tree.exists(`${folder}/src/${plural}`))
    throw new Error(`${folder}/src/${plural} is there already; nothing is overwritten`)

  const rename = replacing(
    new Map([...serviceReplacements(namesOfService(service)), ...resourceReplacements(resource, plural)]),
  )
  const files = filesOf(tree, serviceTemplate).filter((file) => /^(src|test)\/demo-widgets/.test(file))
  copyFiles(tree, { from: serviceTemplate, to: folder, files, rename })
  addTable(tree, folder, rename)
  wire(tree, folder, rename)
  addScopes(tree, plural)
  addToClient(tree, service, resource, plural)
  await formatFiles(tree)

  return () => {
    if (options.finish) finish(tree.root)
    logger.info(`${service} keeps ${spellingsOf(plural).words} at /api/v1/${plural}.`)
  }
}

/** @throws Error if there is no such service, or if it is not as the generator makes them */
function requireGenerated(tree: Tree, service: string): void {
  const names = readServices(tree).map(({ name }) => name)
  if (!names.includes(service))
    throw new Error(`There is no service "${service}": there are ${names.join(', ')}`)
  const expected = ['src/domain/errors.ts', 'src/access.ts', `test/${service}.ts`]
  const missing = [...expected.map((file) => `apps/${service}/${file}`), clientFile(service)].find(
    (file) => !tree.exists(file),
  )
  if (missing)
    throw new Error(
      `${service} was not generated (it has no ${missing}): see "Add an endpoint" in CONTRIBUTING.md`,
    )
}

function addTable(tree: Tree, folder: string, rename: (text: string) => string): void {
  const [model] = /^model DemoWidget \{[^}]*\}\n/m.exec(templateText(tree, 'prisma/schema.prisma')) ?? []
  if (!model) throw new Error('The sample service has no model DemoWidget')
  edit(tree, `${folder}/prisma/schema.prisma`, (text) => `${text.trimEnd()}\n\n${rename(model)}`)

  const migration = filesOf(tree, serviceTemplate).find((file) =>
    /_demo_widgets\/migration\.sql$/.test(file),
  )!
  const made = migrationName(rename('demo_widgets'))
  tree.write(`${folder}/prisma/migrations/${made}/migration.sql`, rename(templateText(tree, migration)))
}

/** Everything of demo widgets in the files that all resources of a service share. */
function wire(tree: Tree, folder: string, rename: (text: string) => string): void {
  const [app, access, errors] = ['src/app.ts', 'src/access.ts', 'src/domain/errors.ts'].map((file) =>
    templateText(tree, file),
  ) as [string, string, string]
  const own = (source: string) =>
    importsOf(source)
      .filter((text) => text.includes('./demo-widgets/'))
      .map(rename)

  edit(tree, `${folder}/src/app.ts`, (text) => {
    // Which of them were created is counted for the first resource alone.
    const created = declarationOf(app, 'demoWidgets').replace(/^ *created,\n/m, '')
    const withRoutes = addElement(text, isValueOf('routes'), rename(firstElement(app, isValueOf('routes'))))
    return addImports(addBefore(withRoutes, 'routes', rename(created)), own(app))
  })
  edit(tree, `${folder}/src/access.ts`, (text) => {
    const isTable = (name: string) => isValueOf(name)
    const row = rename(firstElement(access, isTable('sampleServiceAccess')))
    return addImports(addElement(text, isTable(rename('sampleServiceAccess')), row), own(access))
  })
  edit(tree, `${folder}/src/domain/errors.ts`, (text) =>
    addElement(
      text,
      isArgumentOf('defineErrors'),
      rename(firstElement(errors, isArgumentOf('defineErrors'))),
    ),
  )
  edit(tree, `${folder}/eslint.rooms.mjs`, (text) =>
    addElement(text, isPropertyNamed('rooms'), rename(`'demo-widgets': ['domain']`)),
  )
}

const templateText = (tree: Tree, file: string) => textOf(tree, `${serviceTemplate}/${file}`)
