import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Binaries } from './binaries'
import { isWindows, runAs, type Account } from './run-as'

/** Where the cluster (PostgreSQL's "data directory") is in a data folder. */
export const clusterIn = (dataFolder: string) => join(dataFolder, 'cluster')

const passwordFile = 'superuser-password'

/** The password of the superuser `postgres`, made with the cluster. */
export function readSuperuserPassword(dataFolder: string): Promise<string> {
  return readFile(superuserPasswordFile(dataFolder), 'utf8')
}

export const superuserPasswordFile = (dataFolder: string) => join(clusterIn(dataFolder), passwordFile)

/**
 * Makes the cluster if the folder has none: UTF-8, the builtin C.UTF-8 locale (the same order on every machine),
 * password log-in only. It is made beside its place and renamed into it, so that a crash half-way, or two
 * processes at once, leave either a whole cluster or none.
 */
export async function ensureCluster(
  dataFolder: string,
  { initdb }: Binaries,
  account: Account | undefined,
  log?: (line: string) => void,
): Promise<void> {
  const cluster = clusterIn(dataFolder)
  if (isCluster(cluster)) return

  await removeAbandonedDrafts(dataFolder)
  log?.('Creating the PostgreSQL cluster')
  const draft = join(dataFolder, `draft-${process.pid}-${randomUUID()}`)
  const draftPassword = `${draft}.password`
  await mkdir(draft, { mode: 0o700 })
  await writeFile(draftPassword, randomBytes(24).toString('hex'), { mode: 0o600, flush: true })
  if (account) await Promise.all([draft, draftPassword].map((path) => chown(path, account.uid, account.gid)))
  try {
    await runAs(account, initdb, [
      `--pgdata=${draft}`,
      '--username=postgres',
      `--pwfile=${draftPassword}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ])
    await rename(draftPassword, join(draft, passwordFile))
    await rename(draft, cluster).catch((error: unknown) => {
      if (!isCluster(cluster)) throw error
    })
    await syncFolder(dataFolder)
  } finally {
    await rm(draft, wholly)
    await rm(draftPassword, { force: true })
  }
}

const wholly = { recursive: true, force: true }

const isCluster = (folder: string) => existsSync(join(folder, 'PG_VERSION'))

async function removeAbandonedDrafts(dataFolder: string): Promise<void> {
  for (const name of await readdir(dataFolder)) {
    const maker = /^draft-(\d+)-/.exec(name)?.[1]
    // An initdb that has outlived its maker may still write there: hence the retries.
    if (maker && !isAlive(Number(maker))) await rm(join(dataFolder, name), { ...wholly, maxRetries: 10 })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A rename lasts through a power cut only once its folder is synced. */
async function syncFolder(path: string): Promise<void> {
  // It cannot be opened there.
  if (isWindows) return
  const folder = await open(path)
  await folder.sync().finally(() => folder.close())
}
