import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeEmbeddedPostgres } from '../src'

const parents: string[] = []

/** A data folder that does not exist yet, nor its parent, in a temporary folder with these permissions. */
export async function newDataFolder(parentMode = 0o755): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'embedded-postgres-'))
  parents.push(parent)
  await chmod(parent, parentMode)
  return join(parent, 'new', 'data')
}

/** Ends the servers of all the folders given out, and deletes them. */
export async function removeDataFolders(): Promise<void> {
  for (const parent of parents.splice(0)) {
    await removeEmbeddedPostgres(join(parent, 'new', 'data'))
    await rm(parent, { recursive: true, maxRetries: 10 })
  }
}
