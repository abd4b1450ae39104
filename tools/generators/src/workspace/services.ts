import type { Tree } from '@nx/devkit'
import type { ListedService } from '@ordinal/local-stack'

export type { ListedService }

export const readServices = (tree: Tree): ListedService[] =>
  JSON.parse(textOf(tree, 'services.json')) as ListedService[]

/** @throws Error if there is no such file */
export function textOf(tree: Tree, file: string): string {
  const text = tree.read(file, 'utf8')
  if (text === null) throw new Error(`There is no ${file}`)
  return text
}

/** Changes the text of a file that is there. */
export const edit = (tree: Tree, file: string, change: (text: string) => string): void =>
  tree.write(file, change(textOf(tree, file)))
