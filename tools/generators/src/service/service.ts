import { formatFiles, logger, type GeneratorCallback, type Tree } from '@nx/devkit'
import { namesOfService, pluralOf, replacing, resourceReplacements, serviceReplacements } from '../names'
import { requireResourceName, requireServiceName } from '../workspace/check-names'
import { enterInClient } from '../workspace/client'
import { finish } from '../workspace/finish'
import { linkLater, nameProject } from '../workspace/manifest'
import { addScopes } from '../workspace/scopes'
import { readServices, type ListedService } from '../workspace/services'
import { copyFiles, filesOf, migrationName, serviceTemplate } from '../workspace/template'
import { enterInChart } from './chart'
import { enterInContainers } from './containers'
import { enterInDocs } from './docs'
import { enterInMonitoring } from './monitoring'

interface Options {
  name: string
  resource: string
  plural?: string
  port?: number
  finish: boolean
}

/**
 * Makes a service from `tools/service-template`, and enters it wherever services are listed and services.json is not read.
 *
 * @throws Error if its name cannot be used
 */
export async function service(tree: Tree, options: Options): Promise<GeneratorCallback> {
  const { name, resource, plural = pluralOf(resource) } = options
  requireServiceName(tree, name)
  requireResourceName(tree, resource, plural)
  const listed = addToList(tree, name, options.port)
  const names = namesOfService(name)
  const rename = replacing(
    new Map([
      ...serviceReplacements(names),
      ...resourceReplacements(resource, plural),
      ['8099', String(listed.port)],
      ['6099', String(listed.debugPort)],
    ]),
  )

  const folder = `apps/${name}`
  copyProject(tree, folder, rename)
  nameProject(tree, folder, name, ['type:app', `scope:${name}`])
  addScopes(tree, plural)
  enterInContainers(tree, listed)
  enterInChart(tree, name)
  enterInClient(tree, name, resource, plural)
  enterInMonitoring(tree, name, rename)
  enterInDocs(tree, { listed, plural })
  const link = linkLater(tree.root, folder, name)
  await formatFiles(tree)

  return () => {
    link()
    if (options.finish) finish(tree.root)
    logger.info(`${names.sentence}: make run starts it with the others, on port ${listed.port}.`)
  }
}

/** Enters it in services.json, with the next ports that are free. */
function addToList(tree: Tree, name: string, port?: number): ListedService {
  const services = readServices(tree)
  const { sentence, client, database } = namesOfService(name)
  const taken = services.flatMap((each) => [each.port, each.debugPort, each.grpcPort])
  if (port !== undefined && taken.includes(port)) throw new Error(`Port ${port} is that of another service`)
  const listed = {
    name,
    title: sentence,
    client,
    port: port ?? nextTo(services.map((each) => each.port)),
    debugPort: nextTo(services.map((each) => each.debugPort)),
    database,
    followsKeys: true,
  }
  tree.write('services.json', JSON.stringify([...services, listed], null, 2))
  return listed
}

const nextTo = (ports: readonly number[]) => Math.max(...ports) + 1

/** Migrations get the time at which they are made, in their order. */
function copyProject(tree: Tree, folder: string, rename: (text: string) => string): void {
  const copied = filesOf(tree, serviceTemplate).filter((file) => !file.startsWith('monitoring/'))
  const isMigration = (file: string) => /^prisma\/migrations\/\d/.test(file)
  const files = copied.filter((file) => !isMigration(file))
  copyFiles(tree, { from: serviceTemplate, to: folder, files, rename })

  const madeAt = Date.now()
  for (const [index, file] of copied.filter(isMigration).entries()) {
    const [, what = '', rest = ''] = /^prisma\/migrations\/\d+_([^/]+)(\/.*)$/.exec(file) ?? []
    const made = migrationName(rename(what), new Date(madeAt + index * 1000))
    tree.write(
      `${folder}/prisma/migrations/${made}${rest}`,
      rename(tree.read(`${serviceTemplate}/${file}`, 'utf8')!),
    )
  }
}
