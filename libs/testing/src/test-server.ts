import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  removeEmbeddedPostgres,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '@ordinal/embedded-postgres'
import { ownAddress, ownPort } from './own-address'
import { until } from './until'
import { removeWhenWeDie } from './watchdog'

export type PostgresSettings = Record<string, string | number | boolean>

/** A server in a temporary folder of its own, which ends and is deleted with this process at the latest. */
export interface TestPostgres extends Omit<EmbeddedPostgres, 'pid' | 'adopted'> {
  dataFolder: string
  /** Kills the server with SIGKILL, as a crash would, and resolves when it is gone, and its backends have followed. */
  kill9(): Promise<void>
  /**
   * Starts the server again on its data and port, after `kill9` or `stop`, or stops it first if it runs.
   *
   * @param changed settings to have from now on, besides those it has.
   */
  restart(changed?: PostgresSettings): Promise<void>
  /** Stops the server and deletes its folder. */
  remove(): Promise<void>
}

/**
 * Starts a server for a test that kills or configures it. All else is cheaper with `createTestDatabase`.
 *
 * @param settings as in `{ synchronous_standby_names: 'nobody' }`; fsync stays on unless switched off here.
 * @param environment variables of the server, such as those of a bad disk.
 * @param parent the folder in which it has its own.
 */
export async function startTestPostgres(
  settings: PostgresSettings = {},
  environment: Record<string, string> = {},
  parent = tmpdir(),
): Promise<TestPostgres> {
  const dataFolder = await mkdtemp(join(parent, 'ordinal-postgres-'))
  removeWhenWeDie(dataFolder)
  const place = { dataFolder, host: ownAddress, port: await ownPort() }
  let server = await startEmbeddedPostgres({ ...place, settings, environment })
  return {
    ...server,
    dataFolder,
    kill9: async () => {
      const backends = await childrenOf(server.pid)
      process.kill(server.pid, 'SIGKILL')
      // What stops a server also waits for one that is dying.
      await server.stop()
      // Until they see that the server has gone, they answer.
      await until(async () => !(await Promise.all(backends.map(isAlive))).includes(true), 180_000)
    },
    restart: async (changed = {}) => {
      await server.stop()
      settings = { ...settings, ...changed }
      server = await startEmbeddedPostgres({ ...place, settings, environment })
    },
    remove: () => removeEmbeddedPostgres(dataFolder),
  }
}

/** On Linux; elsewhere none are known. */
async function childrenOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return children.split(' ').filter(Boolean).map(Number)
}

/** One that has ended may wait for its parent to take notice. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat !== '' && !/\) Z /.test(stat)
}
