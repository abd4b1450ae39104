import { setTimeout as delay } from 'node:timers/promises'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@ordinal/embedded-postgres'
import { takeFolderLock } from './folder-lock'
import { portTaken } from './ports'
import type { PortSetting } from './settings'

/**
 * Starts or adopts the PostgreSQL of a folder, for this stack alone: it is started again when it ends by itself,
 * and its `stop` also lets the next stack have the folder.
 *
 * @param others the ports of the services, which it does not take
 * @param tell takes a line for the user when the server ends and is started again.
 * @throws Error when another stack runs from the folder, whose server goes on undisturbed; when the port is
 *   taken; when the server does not start.
 */
export async function startOwnPostgres(
  dataFolder: string,
  setting: PortSetting,
  others: readonly PortSetting[],
  tell: (line: string) => void,
): Promise<EmbeddedPostgres> {
  let isStopping = false
  let restarting = Promise.resolve()

  async function start(port: number): Promise<EmbeddedPostgres> {
    const server = await startEmbeddedPostgres({
      dataFolder,
      port,
      avoidedPorts: others.map(({ port }) => port),
    })
    // The lock is a connection's, which ends with the server.
    const lock = await takeFolderLock(server.adminUrl)
    lock.on('end', () => {
      if (!isStopping) restarting = restart(server).catch((error: Error) => tell(error.message))
    })
    return {
      ...server,
      async stop() {
        isStopping = true
        await restarting
        await lock.end()
        await server.stop()
      },
    }
  }

  async function restart({ port, logFile }: EmbeddedPostgres): Promise<void> {
    tell(`PostgreSQL ended, and is started again in 1 s; its log: ${logFile}`)
    await delay(1_000)
    if (!isStopping) await start(port)
  }

  return start(setting.port).catch((error: Error) => {
    throw 'code' in error && error.code === 'EADDRINUSE' ? portTaken(setting) : error
  })
}
