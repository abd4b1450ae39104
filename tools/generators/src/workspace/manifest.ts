import { existsSync, mkdirSync, statSync, symlinkSync, utimesSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Tree } from '@nx/devkit'
import { edit, textOf } from './services'

interface Manifest {
  name: string
  version: string
  nx: { name: string; tags: string[] }
}

/** Names a copied package.json, and gives it its tags. */
export function nameProject(tree: Tree, folder: string, name: string, tags: readonly string[]): void {
  edit(tree, `${folder}/package.json`, (text) => {
    const manifest = JSON.parse(text) as Manifest
    return JSON.stringify(
      { ...manifest, name: `@ordinal/${name}`, nx: { ...manifest.nx, name, tags } },
      null,
      2,
    )
  })
  addToLock(tree, folder, name)
}

/** What `npm install` would enter in package-lock.json for a workspace without dependencies of its own. */
function addToLock(tree: Tree, folder: string, name: string): void {
  edit(tree, 'package-lock.json', (text) => {
    const lock = JSON.parse(text) as { packages: Record<string, object> }
    const { version } = JSON.parse(textOf(tree, `${folder}/package.json`)) as Manifest
    const packages = {
      ...lock.packages,
      [`node_modules/@ordinal/${name}`]: { resolved: folder, link: true },
      [folder]: { name: `@ordinal/${name}`, version },
    }
    const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en'))
    return `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`
  })
}

/**
 * Links a new project into node_modules, as npm does; to be called before the tree is written.
 *
 * @returns what does so once it is written
 */
export function linkLater(root: string, folder: string, name: string): () => void {
  const installed = join(root, 'node_modules/.package-lock.json')
  const writtenAt = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const isCurrent = writtenAt(installed) >= writtenAt(join(root, 'package-lock.json'))
  return () => {
    const link = join(root, 'node_modules/@ordinal', name)
    if (!existsSync(dirname(link))) return
    mkdirSync(dirname(link), { recursive: true })
    if (!existsSync(link)) symlinkSync(relative(dirname(link), join(root, folder)), link, 'junction')
    // With the link nothing is missing: make would install all packages again.
    if (isCurrent) utimesSync(installed, new Date(), new Date())
  }
}
