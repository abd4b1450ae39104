import { randomBytes } from 'node:crypto'
import { rmSync, type Stats } from 'node:fs'
import {
  constants,
  lstat,
  open,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
  type FileHandle,
} from 'node:fs/promises'
import { dirname } from 'node:path'

type Pieces = AsyncIterable<Uint8Array>

/** What a path stands for, to somebody who writes to it. */
export interface Destination {
  /** A device or a pipe: what was written to it cannot be taken back. */
  isStream: boolean
  write: (pieces: Pieces) => Promise<void>
}

/**
 * Looks what is at a path. A file, or one that is not there yet, is written as a whole or not at all, also where a link
 * leads to it; a device or a pipe is written into.
 *
 * @throws Error if nothing can be written there, or there is no such folder
 */
export async function destinationAt(path: string): Promise<Destination> {
  const found = await ifThere(stat(path))
  if (!found) {
    if (await ifThere(lstat(path))) throw new Error(`${path} is a link to a file that is not there`)
    await stat(dirname(path))
    return { isStream: false, write: (pieces) => writeWhole(path, undefined, pieces) }
  }
  if (found.isDirectory()) throw new Error(`${path} is a directory`)
  if (!found.isFile()) return { isStream: true, write: (pieces) => writeInto(path, pieces) }
  const file = await realpath(path)
  return { isStream: false, write: (pieces) => writeWhole(file, found, pieces) }
}

const ifThere = (looked: Promise<Stats>): Promise<Stats | undefined> =>
  looked.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })

async function writeInto(path: string, pieces: Pieces): Promise<void> {
  const handle = await open(path, constants.O_WRONLY)
  await writeFile(handle, pieces).finally(() => handle.close())
}

/**
 * Writes a file under another name until it is on disk. The name is nobody else's: of two who write the same file, the
 * last to end has it.
 *
 * @param before the file that is replaced, if there is one: its mode and owner are kept
 */
async function writeWhole(file: string, before: Stats | undefined, pieces: Pieces): Promise<void> {
  const part = `${file}.${process.pid}-${randomBytes(4).toString('hex')}.part`
  const forget = removeIfKilled(part)
  try {
    const handle = await open(part, 'wx', 0o600)
    try {
      if (before) await giveAccess(handle, before)
      await writeFile(handle, pieces)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(part, file)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  } finally {
    forget()
  }
}

/** Only what differs is set: not every file system allows it. */
async function giveAccess(handle: FileHandle, { uid, gid, mode }: Stats): Promise<void> {
  const has = await handle.stat()
  if (has.uid !== uid || has.gid !== gid) await handle.chown(uid, gid)
  if (has.mode !== mode) await handle.chmod(mode & 0o777)
}

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** @returns what ends it */
function removeIfKilled(part: string): () => void {
  const forget = () => endings.forEach((signal) => process.off(signal, onSignal))
  function onSignal(signal: NodeJS.Signals) {
    rmSync(part, { force: true })
    forget()
    process.kill(process.pid, signal)
  }
  endings.forEach((signal) => process.on(signal, onSignal))
  return forget
}
