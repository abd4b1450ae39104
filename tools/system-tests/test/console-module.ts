import { readFileSync } from 'node:fs'
import path from 'node:path'
import { transformSync } from 'esbuild'
import { root } from '../src/service'

/** What a module of the console exports, as the browser gets it. It imports no other. */
export function consoleModule<Exports>(file: string): Exports {
  const source = readFileSync(path.join(root, 'apps/console/src', file), 'utf8')
  const { code } = transformSync(source, { loader: 'ts', format: 'cjs' })
  const loaded = { exports: {} as Exports }
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  new Function('module', 'exports', code)(loaded, loaded.exports)
  return loaded.exports
}
