import { existsSync } from 'node:fs'
import path from 'node:path'
import type * as profiler from './profiler'

export type Profiler = typeof profiler
export type { ProfileRequest } from './profiler'

/**
 * What takes profiles. It is loaded when it is first asked for, with its native library: a service that nobody
 * looks into has none of it in memory.
 *
 * @throws Error if there is no native library for this platform and version of Node
 */
export function loadProfiler(): Profiler {
  const besideBundle = path.join(__dirname, 'profiler/out/src/main.js')
  // Not a literal, so that esbuild leaves it out of the bundle.
  const file = existsSync(besideBundle) ? besideBundle : './profiler'
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require(file) as Profiler
}
