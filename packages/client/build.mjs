// Makes dist/: the client as an ES module and as CommonJS, each with its declarations.
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateDtsBundle } from 'dts-bundle-generator'
import { build } from 'esbuild'

const here = import.meta.dirname
const source = join(here, 'src/index.ts')
const output = (file) => join(here, 'dist', file)

const options = { entryPoints: [source], bundle: true, platform: 'neutral', target: 'es2022' }
await build({ ...options, format: 'esm', outfile: output('index.js') })
await build({ ...options, format: 'cjs', outfile: output('index.cjs') })

const [declarations] = generateDtsBundle([{ filePath: source, output: { noBanner: true } }], {
  preferredConfigPath: join(here, 'tsconfig.json'),
})
writeFileSync(output('index.d.ts'), declarations)
copyFileSync(output('index.d.ts'), output('index.d.cts'))
