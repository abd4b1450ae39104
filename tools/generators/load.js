/* global __dirname */
// Nx loads JavaScript: this compiles the generators, which are TypeScript, each time that one is run.
const Module = require('node:module')
const { join } = require('node:path')
const { buildSync } = require('esbuild')

const file = join(__dirname, 'src/generators.ts')
const { outputFiles } = buildSync({
  absWorkingDir: __dirname,
  entryPoints: [file],
  bundle: true,
  write: false,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  packages: 'external',
})
const compiled = new Module(file, module)
compiled.filename = file
compiled.paths = module.paths
compiled._compile(outputFiles[0].text, file)
module.exports = compiled.exports
