import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { chooseAccount } from '@ordinal/embedded-postgres'
import { ownAddress, ownPort } from './own-address'
import { testServerUrl } from './postgres'

/** A PgBouncer of its own for a test file, in front of a PostgreSQL. */
export interface TestPgbouncer {
  /** The same database and role, through it. */
  through(url: string): string
  /** All it has said. */
  log(): string
  /** Ends it at once, as a crash would: every connection is cut. */
  kill9(): Promise<void>
  /** Starts it again, on its port. */
  start(): Promise<void>
  /** It takes connections and passes nothing on, until it is thawed. */
  freeze(): void
  thaw(): void
  /** Ends it and deletes its folder. */
  remove(): Promise<void>
}

type PgbouncerSettings = Record<string, string | number>

/** Whether there is a pgbouncer to start. Debian has it where only root looks. */
const program = ['pgbouncer', '/usr/sbin/pgbouncer'].find(
  (path) => spawnSync(path, ['--version']).status === 0,
)
export const hasPgbouncer = program !== undefined

// Its stdin is a pipe from us, closed when we end in any way: then it ends the pooler, and deletes its folder.
const keeper = `
  "$0" "$@" &
  pooler=$!
  echo $pooler
  read -r never
  kill -9 $pooler 2>/dev/null`

/**
 * Starts a PgBouncer that knows every role of the server, as production does it: by a query, with SCRAM.
 *
 * @param options.adminUrl the server; by default that of the jest worker (see global-setup)
 */
export async function startTestPgbouncer(
  poolMode: 'session' | 'transaction' | 'statement',
  { adminUrl = testServerUrl(), settings = {} }: { adminUrl?: string; settings?: PgbouncerSettings } = {},
): Promise<TestPgbouncer> {
  const server = new URL(adminUrl)
  const folder = await mkdtemp(join(tmpdir(), 'ordinal-pgbouncer-'))
  const port = await ownPort()
  const users = join(folder, 'users.txt')
  const config = join(folder, 'pgbouncer.ini')
  await writeFile(users, `"${server.username}" "${server.password}"\n`)
  await writeFile(
    config,
    iniOf({
      databases: { '*': `host=${server.hostname} port=${server.port} auth_user=${server.username}` },
      pgbouncer: {
        listen_addr: ownAddress,
        listen_port: port,
        unix_socket_dir: '',
        auth_type: 'scram-sha-256',
        auth_file: users,
        auth_query: 'SELECT usename, passwd FROM pg_shadow WHERE usename = $1',
        pool_mode: poolMode,
        max_client_conn: 500,
        ...settings,
      },
    }),
  )
  // It refuses to run as root.
  const account = await chooseAccount(folder)
  if (account) await Promise.all([folder, users, config].map((path) => chown(path, account.uid, account.gid)))
  await chmod(folder, 0o700)

  let shell: ChildProcess
  let pid = 0
  let log = ''

  async function start(): Promise<void> {
    shell = spawn('/bin/sh', ['-c', keeper, program ?? 'pgbouncer', config], {
      ...account,
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    })
    shell.unref()
    for (const pipe of [shell.stdin, shell.stdout, shell.stderr]) (pipe as unknown as Socket).unref()
    shell.stderr!.on('data', (chunk: Buffer) => (log += chunk.toString()))
    const [line] = (await once(shell.stdout!, 'data')) as [Buffer]
    pid = Number(line.toString())
    while (!(await takesConnections(port))) {
      if (log.includes('FATAL')) throw new Error(`pgbouncer does not start:\n${log}`)
      await delay(20)
    }
  }

  async function kill9(): Promise<void> {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended before.
    }
    while (await takesConnections(port)) await delay(20)
    shell.stdin!.end()
  }

  await start()
  return {
    through(url) {
      const changed = new URL(url)
      changed.hostname = ownAddress
      changed.port = String(port)
      return changed.href
    },
    log: () => log,
    kill9,
    start,
    freeze: () => void process.kill(pid, 'SIGSTOP'),
    thaw: () => void process.kill(pid, 'SIGCONT'),
    async remove() {
      await kill9()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const iniOf = (sections: Record<string, PgbouncerSettings>) =>
  Object.entries(sections)
    .map(
      ([name, lines]) =>
        `[${name}]\n${Object.entries(lines)
          .map(([key, value]) => `${key} = ${value}\n`)
          .join('')}`,
    )
    .join('\n')

/** Whether something listens on a port of our address. */
export const takesConnections = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, ownAddress, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
