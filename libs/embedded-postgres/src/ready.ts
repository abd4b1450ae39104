import { setTimeout as delay } from 'node:timers/promises'
import { Client, DatabaseError } from 'pg'
import { isServing, readPidFile, type Postmaster } from './postmaster'

/** Where a server listens. */
export type Place = Pick<Postmaster, 'host' | 'port'>

/**
 * Waits until the server with this pid takes connections, at the URL that `urlAt` makes from where it listens.
 *
 * @returns where, or undefined when the server has ended.
 * @throws Error when it is neither ready nor ended at `deadline` (epoch milliseconds), or refuses us.
 */
export async function waitUntilReady(
  cluster: string,
  pid: number,
  urlAt: (place: Place) => string,
  deadline: number,
): Promise<Place | undefined> {
  while (await isServing(pid, cluster)) {
    const server = await readPidFile(cluster)
    if (server?.pid === pid && server.ready && (await answers(urlAt(server)))) return server
    if (Date.now() > deadline) {
      throw new Error(
        `PostgreSQL (process ${pid}) on ${cluster} runs, but takes no connections yet. After a crash it may need` +
          ` longer to recover: try again in a while, or end it with "kill ${pid}".`,
      )
    }
    await delay(20)
  }
  return undefined
}

const cannotConnectNow = '57P03'

async function answers(connectionString: string): Promise<boolean> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 2_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } catch (error) {
    if (error instanceof DatabaseError && error.code !== cannotConnectNow) throw error
    return false
  } finally {
    await client.end()
  }
}
