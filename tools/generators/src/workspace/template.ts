import { visitNotIgnoredFiles, type Tree } from '@nx/devkit'
import { textOf } from './services'

export const serviceTemplate = 'tools/service-template'
export const libraryTemplate = 'tools/library-template'

/** The files of a folder that Git keeps, below it. */
export function filesOf(tree: Tree, folder: string): string[] {
  const found: string[] = []
  visitNotIgnoredFiles(tree, folder, (path) => found.push(path.slice(folder.length + 1)))
  return found.sort()
}

/** The TypeScript of the sample service. */
export const templateSources = (tree: Tree): string[] =>
  filesOf(tree, serviceTemplate)
    .filter((file) => /^src\/.*\.ts$/.test(file) && !file.includes('/generated/'))
    .map((file) => textOf(tree, `${serviceTemplate}/${file}`))

/**
 * Copies files of a template; nothing is overwritten.
 *
 * @param files below `from`
 * @param rename for paths and for texts
 * @throws Error if a file is there already
 */
export function copyFiles(
  tree: Tree,
  {
    from,
    to,
    files,
    rename,
  }: { from: string; to: string; files: readonly string[]; rename: (text: string) => string },
): void {
  for (const file of files) {
    const target = `${to}/${rename(file)}`
    if (tree.exists(target)) throw new Error(`${target} is there already; nothing is overwritten`)
    tree.write(target, rename(textOf(tree, `${from}/${file}`)))
  }
}

/** The name of a migration that is made now, as Prisma would call it. */
export const migrationName = (what: string, at = new Date()): string =>
  `${at.toISOString().replaceAll(/[-T:]|\..*$/g, '')}_${what}`
