import { realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findPackage } from './binaries'
import { clusterIn } from './cluster'
import { findPostmaster, isServing } from './postmaster'
import { isWindows, runAs } from './run-as'

/**
 * Stops the server that runs on a data folder, whoever started it, and resolves when it is gone; at once when
 * there is none. Open transactions are rolled back and their connections closed. A server that has not ended
 * after `timeoutMs` is ended without a checkpoint, which costs only time at its next start.
 *
 * @throws Error when it is still there after that.
 */
export async function stopEmbeddedPostgres(dataFolder: string, { timeoutMs = 10_000 } = {}): Promise<void> {
  const folder = await realpath(dataFolder).catch(() => undefined)
  if (!folder) return
  const cluster = clusterIn(folder)
  const server = await findPostmaster(cluster)
  if (!server) return

  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    await send(server.pid, signal)
    if (await isGone(server.pid, cluster, timeoutMs)) return
  }
  throw new Error(
    `PostgreSQL (process ${server.pid}) on ${dataFolder} does not end: kill ${server.pid} by hand.`,
  )
}

/** Stops the server of a data folder and deletes the folder, with what was put outside of it for it. */
export async function removeEmbeddedPostgres(dataFolder: string): Promise<void> {
  await stopEmbeddedPostgres(dataFolder)
  const folder = await realpath(dataFolder).catch(() => dataFolder)
  await rm(folder, { recursive: true, force: true })
  await rm(dataFolder, { force: true })
}

async function send(pid: number, signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
  // To Node, every signal to another process means its sudden end there.
  if (isWindows) {
    const program = join(findPackage(), 'native/bin/pg_ctl')
    await runAs(undefined, program, ['kill', signal.slice('SIG'.length), String(pid)]).catch(() => {})
    return
  }
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function isGone(pid: number, cluster: string, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (await isServing(pid, cluster)) {
    if (Date.now() > deadline) return false
    await delay(20)
  }
  return true
}
