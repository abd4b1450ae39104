import { access, constants, stat } from 'node:fs/promises'
import { clusterIn } from './cluster'
import { runAs, type Account } from './run-as'

/**
 * Chooses the account for the server: our own, unless we are root, as which PostgreSQL refuses to run. Then it is
 * the owner of the cluster if there is one already, else the user `postgres` if there is one, else `nobody`.
 *
 * @throws Error when the folder or its cluster belongs to somebody else and we are not root.
 */
export async function chooseAccount(dataFolder: string): Promise<Account | undefined> {
  const owner = await stat(clusterIn(dataFolder)).catch(() => undefined)
  const us = process.getuid?.()
  if (us !== 0) {
    if ((owner && owner.uid !== us) || (await isClosedToUs(dataFolder))) {
      throw new Error(
        `${dataFolder} belongs to another user, and we are user ${us}: run this as that user or as root, or use` +
          ` another folder.`,
      )
    }
    return undefined
  }
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  return (await findAccount('postgres')) ?? (await findAccount('nobody'))
}

function isClosedToUs(folder: string): Promise<boolean> {
  return access(folder, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
}

/** Whether the account may enter a folder, which takes a right on each folder above it too. */
export async function canEnter(account: Account, folder: string): Promise<boolean> {
  return runAs(account, '/bin/sh', ['-c', 'cd "$0"', folder]).then(
    () => true,
    () => false,
  )
}

async function findAccount(name: string): Promise<Account | undefined> {
  try {
    const uid = Number(await runAs(undefined, 'id', ['-u', name]))
    const gid = Number(await runAs(undefined, 'id', ['-g', name]))
    return { uid, gid }
  } catch {
    return undefined
  }
}
