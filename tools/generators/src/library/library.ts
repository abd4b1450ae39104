import { formatFiles, type GeneratorCallback, type Tree } from '@nx/devkit'
import { replacing, spellingsOf } from '../names'
import { requireLibraryName } from '../workspace/check-names'
import { linkLater, nameProject } from '../workspace/manifest'
import { edit } from '../workspace/services'
import { copyFiles, filesOf, libraryTemplate } from '../workspace/template'
import { insertAfter } from '../workspace/text'

interface Options {
  name: string
  about: string
  scope: string
}

/**
 * Makes a library from `tools/library-template`.
 *
 * @throws Error if its name cannot be used
 */
export async function library(tree: Tree, { name, about, scope }: Options): Promise<GeneratorCallback> {
  requireLibraryName(tree, name)
  const [from, to] = [spellingsOf('sample-library'), spellingsOf(name)]
  const rename = replacing(
    new Map([
      [from.kebab, to.kebab],
      [from.camel, to.camel],
    ]),
  )
  const folder = `libs/${name}`
  copyFiles(tree, { from: libraryTemplate, to: folder, files: filesOf(tree, libraryTemplate), rename })
  nameProject(tree, folder, name, ['type:lib', `scope:${scope}`])
  edit(tree, 'docs/architecture.md', (text) =>
    insertAfter(text, /^\| log format and redaction \|.*\n/m, `| ${about} | \`${folder}/src/\` |\n`),
  )
  const link = linkLater(tree.root, folder, name)
  await formatFiles(tree)
  return link
}
