import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Suite } from './suite'

/**
 * What the suites need and this machine does not have: known before anything is started, and not after minutes.
 *
 * @param isInstalled whether a program can be run
 * @param isBuilt whether a service is built
 * @returns what is left out without it, a line each
 * @throws Error that names the services that are not built
 */
export function missingFor(
  suites: readonly Pick<Suite, 'name' | 'programs' | 'services'>[],
  isInstalled: (program: string) => boolean,
  isBuilt: (service: string) => boolean,
): string[] {
  const services = [...new Set(suites.flatMap(({ services }) => services))].filter((name) => !isBuilt(name))
  if (services.length > 0)
    throw new Error(`Not built: ${services.join(', ')}. Run make bench, which builds them.`)
  return suites.flatMap(({ name, programs = [] }) =>
    programs
      .filter(({ program }) => !isInstalled(program))
      .map(
        ({ program, without }) => `${name}: ${program} is not installed; without it there is no ${without}`,
      ),
  )
}

export const isInstalled = (program: string): boolean =>
  spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined

export const isBuiltIn =
  (root: string) =>
  (service: string): boolean =>
    existsSync(join(root, 'dist/apps', service, 'main.js'))
