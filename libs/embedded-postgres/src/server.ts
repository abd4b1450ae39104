import { setTimeout as delay } from 'node:timers/promises'
import { clusterIn } from './cluster'
import { explainFailure } from './failure'
import { launchServer, type Settings } from './launch'
import { findFreePort, recallPort, rememberPort } from './port'
import { findPostmaster } from './postmaster'
import { waitUntilReady, type Place } from './ready'
import type { Account } from './run-as'
import { logFileIn, logSize, readLogFrom, rotateLog } from './server-log'

interface Wanted {
  /** The data folder, with a cluster in it. */
  folder: string
  account: Account | undefined
  /** The server program. */
  postgres: string
  settings: Settings
  environment: Record<string, string>
  host: string
  /** Undefined where any port will do. */
  fixedPort: number | undefined
  avoidedPorts: readonly number[]
  /** Epoch milliseconds. */
  deadline: number
  adminUrlAt: (place: Place) => string
}

interface Running extends Place {
  pid: number
  adopted: boolean
}

/**
 * Waits for the server that runs on the folder's cluster, or starts one. What stands in the way for a while only
 * (a server that is ending, another process that starts one at this moment, a port just taken) is tried again.
 *
 * @throws Error when the server does not start, or not before the deadline.
 */
export async function findOrLaunch(wanted: Wanted): Promise<Running> {
  await rotateLog(logFileIn(wanted.folder))
  for (;;) {
    const server = (await adopt(wanted)) ?? (await launch(wanted))
    if (server) {
      await rememberPort(wanted.folder, server.port)
      return server
    }
    await delay(100)
  }
}

async function adopt({ folder, adminUrlAt, deadline }: Wanted): Promise<Running | undefined> {
  const cluster = clusterIn(folder)
  const server = await findPostmaster(cluster)
  const place = server && (await waitUntilReady(cluster, server.pid, adminUrlAt, deadline))
  return place ? { host: place.host, port: place.port, pid: server.pid, adopted: true } : undefined
}

async function launch(wanted: Wanted): Promise<Running | undefined> {
  const cluster = clusterIn(wanted.folder)
  const logFile = logFileIn(wanted.folder)
  const logOffset = await logSize(logFile)
  const { host, fixedPort, avoidedPorts } = wanted
  const port = fixedPort ?? (await findFreePort(host, await recallPort(wanted.folder), avoidedPorts))

  const pid = await launchServer({ ...wanted, cluster, logFile, port })
  if (await waitUntilReady(cluster, pid, wanted.adminUrlAt, wanted.deadline))
    return { host, port, pid, adopted: false }

  const { error, passing } = explainFailure(await readLogFrom(logFile, logOffset), logFile, host, fixedPort)
  if (!passing || Date.now() > wanted.deadline) throw error
  return undefined
}
