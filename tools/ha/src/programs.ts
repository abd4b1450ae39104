import { spawn } from 'node:child_process'
import { accessSync, closeSync, constants, openSync, readFileSync, readdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process of the cluster. */
export interface Program {
  name: string
  pid: number
}

/** What to start, and where its log goes. */
export interface Start {
  name: string
  command: string
  args: string[]
  folder: string
  env?: Record<string, string>
  /** Not as root, which PostgreSQL refuses. */
  asPostgres?: boolean
  /** The network namespace in which it runs; only root can start it there. */
  namespace?: string
}

/** Starts a program that outlives this one. */
export function start({ name, folder, env = {}, asPostgres = true, namespace, ...what }: Start): Program {
  const log = openSync(join(folder, `${name}.log`), 'a')
  const account = asPostgres ? accountOfPostgres() : undefined
  const [command, ...args] = [
    ...(namespace ? ['ip', 'netns', 'exec', namespace] : []),
    ...(namespace && account
      ? ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups']
      : []),
    what.command,
    ...what.args,
  ] as [string, ...string[]]
  const child = spawn(command, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    stdio: ['ignore', log, log],
    detached: true,
    ...(!namespace && account),
  })
  closeSync(log)
  child.on('error', () => undefined)
  child.unref()
  if (child.pid === undefined) throw new Error(`${command} cannot be started`)
  return { name, pid: child.pid }
}

/** Root starts PostgreSQL as the user of Debian's package; anybody else as themselves. */
export function accountOfPostgres(): { uid: number; gid: number } | undefined {
  if (userInfo().uid !== 0) return undefined
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith('postgres:'))
  if (!line) throw new Error('There is no user "postgres"; Debian’s package of PostgreSQL makes it')
  const [, , uid, gid] = line.split(':')
  return { uid: Number(uid), gid: Number(gid) }
}

/** Where Debian has PostgreSQL's programs, the newest of them; undefined if it has none. */
export function postgresqlBin(): string | undefined {
  const versions = list('/usr/lib/postgresql').filter((version) => Number(version) >= 15)
  const newest = versions.sort((a, b) => Number(b) - Number(a)).at(0)
  return newest && `/usr/lib/postgresql/${newest}/bin`
}

/** The programs that are missing here, by the names of their Debian packages. */
export function missingPackages(): string[] {
  const needed = {
    '/usr/bin/patroni': 'patroni python3-etcd',
    '/usr/bin/etcd': 'etcd-server',
    '/usr/sbin/haproxy': 'haproxy',
  }
  const missing = Object.entries(needed).flatMap(([path, name]) => (isExecutable(path) ? [] : [name]))
  return postgresqlBin() ? missing : [...missing, 'postgresql']
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The process and all that come from it. */
export function familyOf(pid: number): number[] {
  const children = list(`/proc/${pid}/task`).flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(familyOf)]
}

/** The processes that send the WAL of a server to its standbys. */
export const walSendersOf = (postmaster: number): number[] =>
  familyOf(postmaster).filter((pid) => read(`/proc/${pid}/cmdline`).includes('walsender'))

/** Sends a signal to processes, of which some may have ended. */
export function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, name)
    } catch {
      // It has ended.
    }
}

/** Whether a process is there, and no zombie. */
export const isAlive = (pid: number): boolean => !/^$|\) Z /.test(read(`/proc/${pid}/stat`))

/** Looks again and again until there is something. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 60_000,
): Promise<T> {
  for (const endsAt = performance.now() + withinMs; ; await sleep(100)) {
    const found = await look()
    if (found) return found
    if (performance.now() > endsAt) throw new Error(`Not within ${withinMs} ms: ${what}`)
  }
}

/** The names in a folder; none if it is not there. */
export function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
