import { dirname } from 'node:path'

/** Files of dependencies that no service uses, and what the bundle has in their place. */
const parts = [
  // The messages of 60 languages: errors are in English.
  [/zod\/v4\/locales\/index\.js$/, "export { default as en } from './en.js'"],
  // The tables of East Asian encodings: a body is UTF-8, or refused.
  [/iconv-lite\/encodings\/dbcs-data\.js$/, 'module.exports = {}'],
]

/** An esbuild plugin: leaves them out. V8 keeps the source in memory, and needs more to read it: 3 MB for these. */
export const withoutUnusedParts = {
  name: 'without-unused-parts',
  setup(build) {
    for (const [filter, contents] of parts)
      build.onLoad({ filter }, ({ path }) => ({ contents, resolveDir: dirname(path) }))
  },
}
