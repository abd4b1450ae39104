import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { copyPackages, removeCopy } from './repository-copy'
import { root, serviceNames } from './service'

/**
 * The bundles of all services of another commit, built once; without the console.
 *
 * @returns the folder that has a folder of each service, as dist/apps has
 */
export function bundlesOf(commit: string): string {
  if (spawnSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root }).status !== 0)
    throw new Error(`This clone has no commit ${commit}: git fetch --unshallow, or --tags, gets it`)
  const kept = join(root, '.data/released', commit)
  if (existsSync(kept)) return kept
  mkdirSync(join(root, '.data'), { recursive: true })
  const copy = mkdtempSync(join(root, '.data/build-'))
  try {
    const archive = execFileSync('git', ['archive', commit], { cwd: root, maxBuffer: 2 ** 30 })
    execFileSync('tar', ['-x', '-C', copy], { input: archive })
    installPackages(copy)
    for (const service of serviceNames) {
      const folder = join(copy, 'apps', service)
      if (!existsSync(folder)) continue
      for (const step of ['prisma-generate.mjs', 'bundle.mjs'])
        execFileSync(process.execPath, [join(copy, 'tools/build/src', step)], { cwd: folder, stdio: 'pipe' })
    }
    mkdirSync(join(root, '.data/released'), { recursive: true })
    // Whole or not at all: another run may look for it now.
    renameSync(join(copy, 'dist/apps'), kept)
    return kept
  } finally {
    removeCopy(copy)
  }
}

function installPackages(copy: string): void {
  if (packagesOf(copy) === packagesOf(root)) return copyPackages(join(copy, 'node_modules'))
  execFileSync('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: copy,
    stdio: 'pipe',
  })
}

/** Those of others, with their versions: our own are in the copy. */
function packagesOf(folder: string): string {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { link?: boolean; version?: string }>
  }
  return Object.entries(packages)
    .filter(([path, { link }]) => path.startsWith('node_modules/') && !link)
    .map(([path, { version }]) => `${path} ${version}`)
    .join('\n')
}
