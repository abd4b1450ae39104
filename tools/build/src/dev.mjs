// Runs all services on the embedded database, and starts one again when its sources change:
// `node tools/build/src/dev.mjs user-service` for that one, without a name for all.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers'
import { context } from 'esbuild'
import { bundleOptions, copyAssets } from './bundle-options.mjs'
import { root, services as allServices } from './services.mjs'

const named = process.argv.slice(2)
const services = named.length > 0 ? named : allServices
// An editor writes a file in several steps, and "save all" several files.
const settleMs = 50

/** Builds a service; `changed` builds it again if the file belongs to it, and tells whether there is a new bundle. */
async function builderOf(service) {
  process.chdir(join(root, 'apps', service))
  copyAssets()
  const building = await context({ ...bundleOptions(), metafile: true, logLevel: 'warning' })
  let files
  async function build() {
    // Errors are shown, and what runs goes on. Until they are mended, any file may be the one that does it.
    files = undefined
    const { metafile } = await building.rebuild()
    files = new Set(Object.keys(metafile.inputs).map((file) => join(root, 'apps', service, file)))
  }
  await build().catch(() => {})
  return {
    service,
    changed: (changes) =>
      files === undefined || changes.some((file) => files.has(file))
        ? build().then(
            () => true,
            () => false,
          )
        : Promise.resolve(false),
    dispose: () => building.dispose(),
  }
}

const builders = []
for (const service of services) builders.push(await builderOf(service))

const stack = spawn(process.execPath, [join(root, 'dist/tools/local-stack/main.js')], {
  cwd: root,
  env: { ...process.env, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --enable-source-maps` },
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
})
const ended = once(stack, 'exit')
// The terminal tells the stack of Ctrl-C itself, and it has to stop before us.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => stack.kill('SIGTERM'))

let changes = new Set()
let rebuilding = Promise.resolve()
async function rebuild() {
  const files = [...changes]
  changes = new Set()
  for (const { service, changed } of builders)
    if ((await changed(files)) && stack.connected) stack.send({ reload: service })
}
function noteChange(file) {
  if (changes.size === 0) setTimeout(() => (rebuilding = rebuilding.then(rebuild)), settleMs)
  changes.add(file)
}
// Folder by folder: the recursive watch of Node 20 loses a file that an editor replaces.
const watchers = new Map()
function watchFolder(folder) {
  watchers.set(
    folder,
    watch(folder, (_event, name) => {
      const path = join(folder, name ?? '')
      if (/\.(ts|json)$/.test(path)) noteChange(path)
      else if (isFolder(path) && !watchers.has(path)) watchNew(path)
      else if (!existsSync(path)) forget(path)
    }),
  )
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) watchFolder(join(folder, entry.name))
}
/** A folder that was made just now; there may be files in it already. */
function watchNew(folder) {
  watchFolder(folder)
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) noteChange(join(entry.parentPath, entry.name))
}
/** One of the same name would be another folder. */
function forget(folder) {
  watchers.get(folder)?.close()
  watchers.delete(folder)
}
const isFolder = (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

for (const part of ['libs', 'apps'])
  for (const project of readdirSync(join(root, part))) watchFolder(join(root, part, project, 'src'))

const [code] = await ended
await Promise.all(builders.map((builder) => builder.dispose()))
process.exit(code ?? 1)
