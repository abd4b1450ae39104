import { Buffer } from 'node:buffer'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const name = 'query-compiler.wasm'

/**
 * An esbuild plugin: Prisma's query compiler, which its client has as 2 MB of base64 in JavaScript, becomes a file
 * beside the bundle. In the bundle its text would stay in memory for as long as the service runs.
 */
export function queryCompilerAsFile(output) {
  return {
    name: 'query-compiler-as-file',
    setup(build) {
      build.onLoad({ filter: /query_compiler_\w+\.postgresql\.wasm-base64\.js$/ }, ({ path }) => {
        const [, base64] = /"([A-Za-z0-9+/=]{1000,})"/.exec(readFileSync(path, 'utf8')) ?? []
        if (!base64) return { errors: [{ text: `${path} does not hold the query compiler as it used to` }] }
        mkdirSync(output, { recursive: true })
        writeFileSync(join(output, name), Buffer.from(base64, 'base64'))
        return { contents: reader }
      })
    },
  }
}

// A getter, so that nothing keeps the bytes once they are compiled. They are not made base64 again: Buffer.from, to
// which the client gives them, takes bytes as they are. V8's quick compiler alone is enough for what is asked once for
// each shape of query: its optimising one keeps 14 MB of the process.
const reader = `
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { setFlagsFromString } = require('node:v8')
Object.defineProperty(exports, 'wasm', {
  enumerable: true,
  get: () => {
    setFlagsFromString('--liftoff-only')
    return readFileSync(join(__dirname, '${name}'))
  },
})`
