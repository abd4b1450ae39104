// Bundles the project in whose folder it is run, into the folder that is given, else into dist; with --failpoints for
// tests that let it crash.
import { existsSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { build } from 'esbuild'
import { bundleOptions, copyAssets } from './bundle-options.mjs'
import { services } from './services.mjs'
import { describeThirdParties } from './third-party.mjs'

const [output] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const options = bundleOptions(output, { failpoints: process.argv.includes('--failpoints') })
const { metafile } = await build({ ...options, metafile: true })
const assets = copyAssets(output)
const name = basename(process.cwd())
if (services.includes(name))
  describeThirdParties(dirname(options.outfile), name, [...Object.keys(metafile.inputs), ...assets])

// What measures the inside of a project is bundled beside it.
if (existsSync('bench/main.ts')) {
  await build({
    ...bundleOptions(output),
    entryPoints: ['bench/main.ts'],
    outfile: options.outfile.replace(/main\.js$/, 'bench.js'),
  })
}
