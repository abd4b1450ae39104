// Makes dist/main.js, which needs no node_modules, and beside it what it is made of.
import { join } from 'node:path'
import { build } from 'esbuild'
import { describeThirdParties } from '../../tools/build/src/third-party.mjs'

const output = join(import.meta.dirname, 'dist')

const { metafile } = await build({
  entryPoints: [join(import.meta.dirname, 'src/main.ts')],
  outfile: join(output, 'main.js'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  conditions: ['@ordinal/source'],
  banner: { js: '#!/usr/bin/env node' },
  metafile: true,
})
describeThirdParties(output, 'ordinal', Object.keys(metafile.inputs))
