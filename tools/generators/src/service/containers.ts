import type { Tree } from '@nx/devkit'
import { namesOfService, replacing } from '../names'
import { edit, readServices, type ListedService } from '../workspace/services'
import { addEntry, entryOf } from '../workspace/text'

// The user service is as a generated one is: its image, its container and its database are copied.
const model = 'user-service'
const other = 'order-service'

/** Enters a service in the files of Docker. */
export function enterInContainers(tree: Tree, { name, port }: ListedService): void {
  const { port: modelPort } = readServices(tree).find((service) => service.name === model)!
  const [from, to] = [namesOfService(model), namesOfService(name)]
  const rename = replacing(
    new Map([
      [from.kebab, to.kebab],
      [from.snake, to.snake],
      [from.screaming, to.screaming],
      [from.database, to.database],
      ...['db', 'data'].map((what): [string, string] => [`${from.short}-${what}`, `${to.short}-${what}`]),
      // Not that of the superuser.
      ...['&', '*'].map((mark): [string, string] => [
        `${mark}${from.short}-password`,
        `${mark}${to.short}-password`,
      ]),
      [String(modelPort), String(port)],
    ]),
  )
  edit(tree, 'Dockerfile', (text) => `${text.trimEnd()}\n\n${rename(stageOf(text))}\n`)
  edit(tree, 'docker-compose.yml', (text) => withContainers(tree, text, rename, name))
  edit(tree, 'docker-compose.external-databases.yml', (text) => {
    const added = rename(entryOf(text, `  ${model}`).text)
    const database = rename(entryOf(text, `  ${from.short}-db`).text)
    return addEntry(
      addEntry(text, `  ${lastService(tree, name)}`, added, false),
      `  ${lastDatabase(tree, name)}`,
      database,
      false,
    )
  })
}

const stageOf = (dockerfile: string) => {
  const start = dockerfile.indexOf(`FROM runtime AS ${model}\n`)
  const end = dockerfile.indexOf('\n\n', start)
  if (start < 0) throw new Error(`Dockerfile has no stage ${model}`)
  return dockerfile.slice(start, end < 0 ? undefined : end)
}

function withContainers(tree: Tree, compose: string, rename: (text: string) => string, name: string): string {
  const { short } = namesOfService(model)
  const service = rename(withSharedVariables(compose))
  const database = rename(entryOf(compose, `  ${short}-db`).text)
  const volume = rename(entryOf(compose, `  ${short}-data`).text)
  const last = namesOfService(lastService(tree, name)).short
  let text = addEntry(compose, `  ${lastService(tree, name)}`, withAliases(compose, service), true)
  text = addEntry(text, `  ${last}-db`, withAliases(compose, database), true)
  return addEntry(text, `  ${last}-data`, volume, false)
}

/** The lines of the model, without the variables that no other service reads: those are about users. */
function withSharedVariables(compose: string): string {
  const others = readableBy(entryOf(compose, `  ${other}`).text)
  const own = `${namesOfService(model).screaming}_`
  return entryOf(compose, `  ${model}`)
    .text.split('\n')
    .filter((line) => [...readableBy(line)].every((name) => name.startsWith(own) || others.has(name)))
    .join('\n')
}

/** The variables that lines of an environment give. */
const readableBy = (lines: string) =>
  new Set([...lines.matchAll(/^ +([A-Z][A-Z0-9_]+):/gm)].map(([, name]) => name!))

/** Anchors that the file has already become aliases of them. */
const withAliases = (compose: string, block: string) =>
  block.replaceAll(/&([a-z-]+) .*$/gm, (text, anchor: string) =>
    compose.includes(`&${anchor} `) ? `*${anchor}` : text,
  )

/** The one in services.json before the new one. */
const lastService = (tree: Tree, name: string) =>
  readServices(tree)
    .filter((each) => each.name !== name)
    .at(-1)!.name

const lastDatabase = (tree: Tree, name: string) => `${namesOfService(lastService(tree, name)).short}-db`
