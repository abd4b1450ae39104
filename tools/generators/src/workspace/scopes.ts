import type { Tree } from '@nx/devkit'
import { edit, textOf } from './services'
import { insertAfter } from './text'

const scopesFile = 'libs/middleware/src/auth.ts'

/** Lets keys be limited to reading and writing a resource. */
export function addScopes(tree: Tree, plural: string): void {
  const known = /\^\(\(([a-z0-9|-]+)\):\(read\|write\)/.exec(textOf(tree, scopesFile))?.[1]?.split('|')
  if (known?.includes(plural)) return
  edit(tree, scopesFile, (text) =>
    insertAfter(text, /\^\(\(users\|[a-z0-9|-]+(?=\):\(read\|write\))/, `|${plural}`),
  )
  edit(tree, 'docs/operations/secure.md', (text) =>
    insertAfter(text, /`orders:read`, `orders:write`,/, ` \`${plural}:read\`, \`${plural}:write\`,`),
  )
}
