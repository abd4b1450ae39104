import type { Tree } from '@nx/devkit'
import { edit, textOf } from './services'
import { insertAfter } from './text'

const scopesFile = 'libs/middleware/src/auth.ts'
// The document of the sequencer, whose calls give scopes to keys.
const documentFile = 'packages/client/openapi/sequencer.json'

/** Lets keys be limited to reading and writing a resource. */
export function addScopes(tree: Tree, plural: string): void {
  const known = /\^\(\(([a-z0-9|-]+)\):\(read\|write\)/.exec(textOf(tree, scopesFile))?.[1]?.split('|')
  if (known?.includes(plural)) return
  for (const file of [scopesFile, documentFile])
    edit(tree, file, (text) =>
      insertAfter(text, /\^\(\(users\|[a-z0-9|-]+(?=\):\(read\|write\))/, `|${plural}`),
    )
  edit(tree, 'docs/operations/secure.md', (text) =>
    insertAfter(text, /`orders:read`, `orders:write`,/, ` \`${plural}:read\`, \`${plural}:write\`,`),
  )
}
