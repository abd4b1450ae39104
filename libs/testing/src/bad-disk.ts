import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface BadDisk {
  /** For the program that is to have this disk. */
  environment: Record<string, string>
  /** The next `fsync` or `fdatasync`, of whichever process, fails with EIO. */
  failNextSync(): void
  /** Whether a failure that was ordered has not come yet: nobody has synced. */
  readonly isSyncToFail: boolean
  /** From now on no file grows: ENOSPC. */
  fill(): void
  free(): void
  remove(): void
}

/**
 * A disk that fails on demand, for one program: its calls of the C library are caught by a library of ours,
 * so that it takes neither root nor a file system. Undefined where that cannot be had: no Linux, or no C compiler.
 */
export function createBadDisk(): BadDisk | undefined {
  if (process.platform !== 'linux') return undefined
  const folder = mkdtempSync(join(tmpdir(), 'ordinal-bad-disk-'))
  const library = join(folder, 'bad-disk.so')
  try {
    const source = join(__dirname, 'bad-disk.c')
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], { stdio: 'pipe' })
  } catch (error) {
    rmSync(folder, { recursive: true })
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  // The server may run as another user, who takes orders away.
  chmodSync(folder, 0o777)
  const syncFails = join(folder, 'sync-fails')
  const full = join(folder, 'full')
  return {
    environment: { LD_PRELOAD: library, BAD_DISK: folder },
    failNextSync: () => writeFileSync(syncFails, ''),
    get isSyncToFail() {
      return existsSync(syncFails)
    },
    fill: () => writeFileSync(full, ''),
    free: () => rmSync(full, { force: true }),
    remove: () => rmSync(folder, { recursive: true }),
  }
}
