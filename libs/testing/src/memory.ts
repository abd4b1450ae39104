import { statfs } from 'node:fs/promises'

/** Linux keeps the files of this folder in memory. */
const memory = '/dev/shm'

/** The folder whose files are in memory, if it has this much room, in bytes; else the other one. */
export async function memoryOr(folder: string, room: number): Promise<string> {
  const { bavail, bsize } = await statfs(memory).catch(() => ({ bavail: 0, bsize: 0 }))
  return bavail * bsize >= room ? memory : folder
}

export const isInMemory = (path: string) => path.startsWith(`${memory}/`)
