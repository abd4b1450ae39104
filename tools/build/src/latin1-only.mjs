import { readFileSync } from 'node:fs'

/**
 * An esbuild plugin: a bundle with a character that is not Latin-1 is refused. V8 keeps the source in memory and takes
 * two bytes for each of its characters for the sake of one: 4 MB for a service. esbuild escapes those of strings, but
 * neither those of regular expressions nor those of comments that it keeps.
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
