import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isWindows } from './run-as'

/** What a running server writes about itself into `postmaster.pid`. */
export interface Postmaster {
  pid: number
  /** The address that it listens on, and its port. */
  host: string
  port: number
  ready: boolean
}

/** What the cluster's pid file says, be it true or stale; undefined when there is none, or not yet a whole one. */
export async function readPidFile(cluster: string): Promise<Postmaster | undefined> {
  const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  const pid = Number(lines[0])
  // The fourth, sixth and eighth lines are the port, the address and the state, which come a moment after the pid.
  return pid > 0
    ? { pid, host: lines[5] ?? '', port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' }
    : undefined
}

/** The server that runs on this cluster now, ready or not; a pid that is dead or another program's is none. */
export async function findPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const written = await readPidFile(cluster)
  return written && (await isServing(written.pid, cluster)) ? written : undefined
}

/** Whether this process is a PostgreSQL server that was started on this cluster, and not a zombie. */
export async function isServing(pid: number, cluster: string): Promise<boolean> {
  const command = await commandOf(pid)
  return isWindows
    ? /[\\/]postgres(\.exe)?"? /.test(command) && command.includes(cluster)
    : command.includes(`/postgres -D ${cluster} `)
}

async function commandOf(pid: number): Promise<string> {
  try {
    if (process.platform === 'linux') {
      return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
    }
    if (isWindows) {
      const query = `(Get-CimInstance Win32_Process -Filter 'ProcessId=${pid}').CommandLine`
      return (await promisify(execFile)('powershell', ['-NoProfile', '-Command', query])).stdout
    }
    return (await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)])).stdout
  } catch {
    return ''
  }
}
