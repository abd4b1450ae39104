// Bundles the project in whose folder it is run, into the folder that is given, else into dist; with --failpoints for
// tests that let it crash.
import { existsSync } from 'node:fs'
import { build } from 'esbuild'
import { bundleOptions, copyAssets } from './bundle-options.mjs'

const [output] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
await build(bundleOptions(output, { failpoints: process.argv.includes('--failpoints') }))
copyAssets(output)

// What measures the inside of a project is bundled beside it.
if (existsSync('bench/main.ts')) {
  const options = bundleOptions(output)
  await build({
    ...options,
    entryPoints: ['bench/main.ts'],
    outfile: options.outfile.replace(/main\.js$/, 'bench.js'),
  })
}
