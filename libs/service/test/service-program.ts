import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildSync } from 'esbuild'

/** The program of fixtures/main.ts, built into a folder of its own. */
export function buildService() {
  const folder = mkdtempSync(path.join(tmpdir(), 'ordinal-service-'))
  const program = path.join(folder, 'main.js')
  buildSync({
    entryPoints: [path.join(__dirname, 'fixtures/main.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    external: ['pg-native', 'swagger-ui-dist/*'],
  })
  cpSync(path.join(__dirname, 'fixtures/migrations'), path.join(folder, 'migrations'), { recursive: true })
  // Where the build puts the files of /docs.
  mkdirSync(path.join(folder, 'docs'))
  return { folder, program, remove: () => rmSync(folder, { recursive: true }) }
}
