import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { findPostmaster, readPidFile } from './postmaster'
import { serverEnvironment, type Account } from './run-as'

/** PostgreSQL settings by name. */
export type Settings = Record<string, string | number | boolean>

interface Launch {
  postgres: string
  cluster: string
  account: Account | undefined
  host: string
  port: number
  settings: Settings
  environment: Record<string, string>
  logFile: string
}

/**
 * Starts the server program and gives its pid, without waiting for it to be ready. It runs in a session of its
 * own, so that Ctrl-C reaches the programs that use it first, and does not keep this process alive.
 */
export async function launchServer(launch: Launch): Promise<number> {
  const log = await open(launch.logFile, 'a', 0o600)
  try {
    const server = spawn(launch.postgres, ['-D', launch.cluster, ...toArguments(launch)], {
      ...launch.account,
      cwd: '/',
      detached: true,
      windowsHide: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { ...serverEnvironment, ...launch.environment, ...(await disownStalePid(launch.cluster)) },
    })
    await once(server, 'spawn')
    server.unref()
    return server.pid!
  } finally {
    await log.close()
  }
}

function toArguments({ host, port, settings }: Launch): string[] {
  const all = {
    ...settings,
    port,
    listen_addresses: host,
    // The path of a socket is limited to some 100 characters, and that of a clone is not.
    unix_socket_directories: '',
  }
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/**
 * A pid file that names a living process keeps PostgreSQL from starting, even if the pid has since gone to another
 * program. The pid in this variable it takes for stale, and replaces the file under its own interlocks: safer
 * than deleting it here, where another process may just have started a server.
 */
async function disownStalePid(cluster: string): Promise<{ PG_GRANDPARENT_PID?: string }> {
  if (await findPostmaster(cluster)) return {}
  const stale = await readPidFile(cluster)
  return stale ? { PG_GRANDPARENT_PID: String(stale.pid) } : {}
}
