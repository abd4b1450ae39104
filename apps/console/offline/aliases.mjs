import { createRequire } from 'node:module'
import { join } from 'node:path'

const { resolve } = createRequire(import.meta.url)

/** What libs/audit takes of Node, as browsers have it. */
export const offlineAliases = {
  'node:buffer': resolve('buffer/'),
  'node:crypto': join(import.meta.dirname, 'node-crypto.ts'),
}
