// Builds the console into dist/apps/console: static files, each with a compressed copy beside it, and what it is made of.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, isAbsolute, join, relative, resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'vite'
import { describeThirdParties } from '../../tools/build/src/third-party.mjs'
import { buildVerifier } from './verifier/build.mjs'

const root = resolve(import.meta.dirname, '../..')
const output = join(root, 'dist/apps/console')
const inputs = new Set()

/** Notes every file that has a part in what is built. */
const noteInputs = {
  name: 'note-inputs',
  generateBundle(_options, bundle) {
    for (const chunk of Object.values(bundle))
      for (const id of chunk.moduleIds ?? []) {
        const [file] = id.split('?')
        if (isAbsolute(file)) inputs.add(relative(root, file))
      }
  },
}

await build({
  configFile: join(import.meta.dirname, 'vite.config.mjs'),
  logLevel: 'warn',
  plugins: [noteInputs],
})

for (const file of await buildVerifier(output)) inputs.add(relative(root, file))

const compressible = new Set(['.js', '.css', '.svg', '.html', '.json', '.webmanifest'])
for (const name of readdirSync(output, { recursive: true, encoding: 'utf8' })) {
  // The service writes into the page.
  if (!compressible.has(extname(name)) || name === 'index.html') continue
  const file = join(output, name)
  const bytes = readFileSync(file)
  writeFileSync(
    `${file}.br`,
    brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
  )
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
}

describeThirdParties(
  output,
  'console',
  [...inputs].map((file) => join(root, file)),
)
// What the sequencer's own list takes over, since it ships these files.
writeFileSync(join(output, 'inputs.json'), JSON.stringify([...inputs].sort(), null, 1))
