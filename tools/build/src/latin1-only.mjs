import { readFileSync } from 'node:fs'

/**
 * An esbuild plugin: refuses a bundle with a character that is not Latin-1. V8 keeps the source in memory, and one such
 * character doubles it: 4 MB for a service. esbuild escapes them in strings, but neither in regular expressions nor in
 * the comments that it keeps.
 */
export const latin1Only = {
  name: 'latin1-only',
  setup(build) {
    build.onEnd(({ errors }) => {
      if (errors.length > 0) return
      const found = /.{0,60}[\u0100-\uffff]/.exec(readFileSync(build.initialOptions.outfile, 'utf8'))
      if (!found) return
      const escaped = `\\u${found[0].at(-1).charCodeAt(0).toString(16).padStart(4, '0')}`
      return {
        errors: [{ text: `the bundle has a character that is not Latin-1: write ${escaped}: ${found[0]}` }],
      }
    })
  },
}
