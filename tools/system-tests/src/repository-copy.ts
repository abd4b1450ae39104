import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from './service'

/** A shell as a person has it: what the run of the tests has set is not there. */
export const shellEnvironment = () => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  // A daemon would outlive the copy.
  NX_DAEMON: 'false',
})

/**
 * The repository as a fresh clone would have it, with the packages that are installed here; gives its folder.
 *
 * @param has whether the copy gets a file
 */
export function copyRepository(has: (file: string) => boolean = () => true): string {
  const copy = mkdtempSync(join(tmpdir(), 'ordinal-copy-'))
  // PostgreSQL does not run as root, and its account has to pass.
  chmodSync(copy, 0o755)
  for (const file of filesOfGit().filter(has)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    copyFileSync(join(root, file), join(copy, file))
  }
  copyPackages(join(copy, 'node_modules'))
  return copy
}

export const removeCopy = (copy: string) => rmSync(copy, { recursive: true, force: true, maxRetries: 5 })

/** The files of the repository that are there, also those that are not added yet. */
export function filesOfGit(): string[] {
  const output = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  })
  // Git still knows a file that was deleted a moment ago.
  return output.split('\0').filter((file) => file && existsSync(join(root, file)))
}

/** The packages that are installed here, in another folder; those of the workspaces are then that folder's own. */
export function copyPackages(target: string): void {
  const source = join(root, 'node_modules')
  try {
    execFileSync('cp', ['-al', source, target], { stdio: 'pipe' })
  } catch {
    // On another file system there are no hard links.
    rmSync(target, { recursive: true, force: true })
    execFileSync('cp', ['-a', source, target])
  }
  // make tells by its time that nothing is to be installed; a file of its own, for the other one is not ours to touch.
  const installed = join(target, '.package-lock.json')
  rmSync(installed)
  copyFileSync(join(source, '.package-lock.json'), installed)
}
