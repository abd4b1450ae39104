import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Migration {
  /** The name of its folder, as `20261121093000_create_users`: names sort by age. */
  name: string
  script: string
}

/**
 * The migrations of a build, oldest first: `<folder>/<name>/migration.sql`, as Prisma writes them.
 * @throws Error if the folder or a script cannot be read.
 */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = await migrationNames(folder)
  return Promise.all(
    names.map(async (name) => ({
      name,
      script: await readFile(join(folder, name, 'migration.sql'), 'utf8'),
    })),
  )
}

/** The names of a build's migrations, oldest first. */
async function migrationNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

/** Prisma's checksum of a script. */
export function checksumOf(script: string): string {
  return createHash('sha256').update(script).digest('hex')
}

/** Whether a script is the one a checksum was made of; as for Prisma, the kind of line ends is no change. */
export function hasChecksum(script: string, checksum: string): boolean {
  const unix = script.replaceAll('\r\n', '\n')
  return [script, unix, unix.replaceAll('\n', '\r\n')].some((text) => checksumOf(text) === checksum)
}
