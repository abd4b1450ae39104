import { open, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'

const rotateAtBytes = 10_000_000

/** Where the server of a data folder writes its log. */
export const logFileIn = (dataFolder: string) => join(dataFolder, 'server.log')

/** Puts a log that has grown large aside, keeping one older one. */
export async function rotateLog(file: string): Promise<void> {
  if ((await logSize(file)) > rotateAtBytes) await rename(file, `${file}.1`)
}

/** The log's size in bytes, 0 when there is none yet. */
export async function logSize(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  )
}

/** What was written to the log after its first `offset` bytes; of very much, the last 8 kB. */
export async function readLogFrom(file: string, offset: number): Promise<string> {
  const size = await logSize(file)
  const start = Math.max(offset, size - 8_192)
  const log = await open(file)
  try {
    const { buffer, bytesRead } = await log.read(Buffer.alloc(Math.max(0, size - start)), { position: start })
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await log.close()
  }
}
