import type { Tree } from '@nx/devkit'
import { edit, textOf } from './services'
import { insertAfter } from './text'

const scopesFile = 'libs/middleware/src/auth.ts'

/** What the scopes of keys are of: `users`, of `users:read`. */
export function scopedNames(tree: Tree): string[] {
  const [, resources = '', others = ''] =
    /\^\(\(([a-z0-9|-]+)\):\(read\|write\)(\|.*)\)\$/.exec(textOf(tree, scopesFile)) ?? []
  return [...resources.split('|'), ...[...others.matchAll(/\|([a-z-]+):/g)].map(([, name]) => name!)]
}

/** Lets keys be limited to reading and writing a resource. */
export function addScopes(tree: Tree, plural: string): void {
  edit(tree, scopesFile, (text) =>
    insertAfter(text, /\^\(\(users\|[a-z0-9|-]+(?=\):\(read\|write\))/, `|${plural}`),
  )
  edit(tree, 'docs/operations/secure.md', (text) =>
    insertAfter(text, /`orders:read`, `orders:write`,/, ` \`${plural}:read\`, \`${plural}:write\`,`),
  )
}
