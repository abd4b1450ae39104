// Starts everything on an embedded PostgreSQL: installs the packages if they are not what the lock file says, and builds
// what has changed. It needs nothing but Node and npm: `npm start`, `make run`.
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, services } from './services.mjs'

// npm writes it at the end of an installation.
const installed = join(root, 'node_modules/.package-lock.json')

function installPackages() {
  const writtenAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const wanted = ['package.json', 'package-lock.json'].map((file) => writtenAt(join(root, file)))
  if (writtenAt(installed) >= Math.max(...wanted)) return
  console.error('Installing packages from npm; the first time this takes a minute or two.')
  // npm names its own program to what it runs. On Windows there is no other way to it but a shell.
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm']
  run([...npm, 'ci', '--loglevel=error'])
  utimesSync(installed, new Date(), new Date())
}

function build() {
  console.log('Building.')
  const nx = join(root, 'node_modules/nx')
  const { bin } = JSON.parse(readFileSync(join(nx, 'package.json'), 'utf8'))
  run([
    process.execPath,
    join(nx, bin.nx),
    'run-many',
    '-t',
    'build',
    '-p',
    ['local-stack', ...services].join(','),
  ])
}

/** Runs a program to its end; what it has printed is shown if it fails. */
function run([program, ...args]) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: root, encoding: 'utf8' })
  if (status === 0) return
  console.error(error?.message ?? `${stdout}${stderr}`)
  process.exit(1)
}

installPackages()
build()
await import(pathToFileURL(join(root, 'dist/tools/local-stack/main.js')).href)
