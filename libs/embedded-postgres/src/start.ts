import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { chooseAccount } from './account'
import { prepareBinaries } from './binaries'
import { clusterIn, ensureCluster, readSuperuserPassword, superuserPasswordFile } from './cluster'
import type { Settings } from './launch'
import { placeDataFolder } from './place'
import { findPostmaster } from './postmaster'
import type { Place } from './ready'
import { findOrLaunch } from './server'
import { logFileIn } from './server-log'
import { stopEmbeddedPostgres } from './stop'

export interface StartOptions {
  /** Holds the cluster, the superuser's password and the server's log. Made if it is missing. */
  dataFolder: string
  /** The address on which it listens; 127.0.0.1 if omitted. An adopted server keeps its own. */
  host?: string
  /** The port. Omitted or 0: the one this folder had last if it is free, else any free one. */
  port?: number
  /** Ports that it does not take by itself, free or not: others will need them. */
  avoidedPorts?: readonly number[]
  /** PostgreSQL settings, as in `{ max_connections: 200 }`. An adopted server keeps those it was started with. */
  settings?: Settings
  /** Variables for the server; it sees none of ours. */
  environment?: Record<string, string>
  /** How long the server may take to be ready, with recovery from a crash; 180,000 if omitted. */
  timeoutMs?: number
  /** Told of each step that takes a while. */
  log?: (line: string) => void
}

export interface EmbeddedPostgres {
  host: string
  port: number
  /** The process id of the server (its postmaster). */
  pid: number
  /** Whether the server ran on this folder already; its port and settings are then those it was started with. */
  adopted: boolean
  /** The superuser `postgres` in the database `postgres`. */
  adminUrl: string
  /** Its password is in this file, which only this account may read. */
  adminPasswordFile: string
  logFile: string
  /** The URL of a database for the superuser, or for a user with a password. */
  url(database: string, user?: string, password?: string): string
  /** See `stopEmbeddedPostgres`. */
  stop(): Promise<void>
}

/**
 * Gives the PostgreSQL server of a data folder: the one that runs on it already, or else a new one, on a new
 * cluster if the folder has none. The server outlives this process unless it is stopped.
 *
 * Safe to call from several processes at once: all get the same server. As root, the server runs as the user
 * `postgres` or `nobody`; where that user cannot enter the folder, the data go to /var/lib/ordinal and the folder
 * becomes a symbolic link to them.
 *
 * @throws Error that says what to do; when the server does not start, with the end of its log. Its `code` is
 *   EADDRINUSE where the port asked for is taken.
 */
export async function startEmbeddedPostgres(options: StartOptions): Promise<EmbeddedPostgres> {
  const dataFolder = resolve(options.dataFolder)
  const account = await chooseAccount(dataFolder)
  const folder = await placeDataFolder(dataFolder, account)
  const binaries = await prepareBinaries(folder, account)
  await ensureCluster(folder, binaries, account, options.log)

  const url = urlsWith(await readSuperuserPassword(folder))
  const { host, port, pid, adopted } = await findOrLaunch({
    folder,
    account,
    postgres: binaries.postgres,
    settings: options.settings ?? {},
    environment: options.environment ?? {},
    host: options.host ?? '127.0.0.1',
    fixedPort: options.port || undefined,
    avoidedPorts: options.avoidedPorts ?? [],
    deadline: Date.now() + (options.timeoutMs ?? 180_000),
    adminUrlAt: (place) => url(place, 'postgres'),
  })
  options.log?.(`PostgreSQL ${adopted ? 'runs already' : 'started'} on port ${port} (process ${pid})`)
  return {
    host,
    port,
    pid,
    adopted,
    adminUrl: url({ host, port }, 'postgres'),
    adminPasswordFile: superuserPasswordFile(folder),
    logFile: logFileIn(folder),
    url: (database, user, password) => url({ host, port }, database, user, password),
    stop: () => stopEmbeddedPostgres(folder),
  }
}

/** The server that runs on a data folder now, whoever started it; undefined if there is none. */
export async function findEmbeddedPostgres(
  dataFolder: string,
): Promise<Pick<EmbeddedPostgres, 'port' | 'url'> | undefined> {
  const folder = await realpath(dataFolder).catch(() => undefined)
  const server = folder && (await findPostmaster(clusterIn(folder)))
  if (!server) return undefined
  const url = urlsWith(await readSuperuserPassword(folder))
  return { port: server.port, url: (database, user, password) => url(server, database, user, password) }
}

function urlsWith(superuserPassword: string) {
  return ({ host, port }: Place, database: string, user = 'postgres', password = superuserPassword) => {
    const login = [user, password].map(encodeURIComponent).join(':')
    return `postgresql://${login}@${host}:${port}/${encodeURIComponent(database)}`
  }
}
