import { randomUUID } from 'node:crypto'
import { chmod, chown, mkdir, readlink, realpath, rm, rmdir, symlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { canEnter } from './account'
import type { Account } from './run-as'

const outside = '/var/lib/ordinal'

/**
 * Makes the data folder if it is missing, and gives the real folder behind it, which `account` can enter. Where
 * it cannot (a clone under /root), the real folder is made under /var/lib/ordinal, for that account alone, and
 * `dataFolder` becomes a symbolic link to it. Several processes at once agree on one folder.
 *
 * @throws Error when the folder cannot be entered and holds something already.
 */
export async function placeDataFolder(dataFolder: string, account: Account | undefined): Promise<string> {
  const target = resolve(dirname(dataFolder), await readlink(dataFolder).catch(() => dataFolder))
  // The folders above keep the usual permissions: the account has to pass through them.
  await mkdir(dirname(target), { recursive: true })
  if (account && !(await canEnter(account, dirname(target)))) return placeOutside(target, account)

  await mkdir(target, { recursive: true, mode: 0o700 })
  if (account) await chown(target, account.uid, account.gid)
  return realpath(target)
}

async function placeOutside(dataFolder: string, account: Account): Promise<string> {
  const folder = `${outside}/postgres-${randomUUID()}`
  await mkdir(outside, { recursive: true })
  await chmod(outside, 0o711)
  await mkdir(folder, { mode: 0o700 })
  await chown(folder, account.uid, account.gid)
  try {
    await removeIfEmpty(dataFolder)
    await symlink(folder, dataFolder)
    return folder
  } catch (error) {
    await rm(folder, { recursive: true })
    // The link of a process that has been faster is the one that counts.
    const chosen = await readlink(dataFolder).catch(() => undefined)
    if (chosen) return chosen
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error
    throw new Error(
      `PostgreSQL, which cannot run as root, cannot enter ${dataFolder} as user ${account.uid}, and there are` +
        ` files in it already. Let that user pass (chmod o+x) through the folders above it, or move it away.`,
      { cause: error },
    )
  }
}

async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}
