import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Socket } from 'node:net'
import { ownAddress, ownPort } from './own-address'

/** A Redis of its own for a test file, which keeps its data on disk. */
export interface TestRedis {
  url: string
  /** Ends it as an operator would. */
  stop(): Promise<void>
  /** Starts it again, on its data and port. */
  start(): Promise<void>
  /** Kills it with SIGKILL, as a crash would. */
  kill9(): Promise<void>
  /** It takes connections and answers nothing, until it is thawed. */
  freeze(): void
  thaw(): void
  /** Ends it and deletes its data. */
  remove(): Promise<void>
}

interface TlsFiles {
  certFile: string
  keyFile: string
  caFile: string
}

const textsOf = ({ certFile, keyFile, caFile }: TlsFiles) => ({
  cert: readFileSync(certFile),
  key: readFileSync(keyFile),
  ca: readFileSync(caFile),
})

/** Whether there is a redis-server to start. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0

// Its stdin is a pipe from us, closed when we end in any way: then it ends the server, and deletes its folder.
const keeper = `
  redis-server "$@" >/dev/null &
  server=$!
  echo $server
  read -r never
  kill -9 $server 2>/dev/null`

/**
 * Starts a redis-server on a port of its own, with every write on disk before its answer.
 *
 * @param tls its files, if it is to speak TLS only, with clients that have a certificate of the same authority
 */
export async function startTestRedis(tls?: TlsFiles): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'ordinal-redis-'))
  const port = await ownPort()
  const listening = tls
    ? ['--port', 0, '--tls-port', port, '--tls-cert-file', tls.certFile, '--tls-key-file', tls.keyFile]
    : ['--port', port]
  const authority = tls ? ['--tls-ca-cert-file', tls.caFile] : []
  const settings = [...listening, ...authority, '--bind', ownAddress, '--dir', folder]
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '']
  let shell: ChildProcess
  let pid = 0

  async function start(): Promise<void> {
    shell = spawn('/bin/sh', ['-c', keeper, 'redis', ...[...settings, ...durable].map(String)], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    })
    shell.unref()
    for (const pipe of [shell.stdin, shell.stdout]) (pipe as unknown as Socket).unref()
    const [line] = (await once(shell.stdout!, 'data')) as [Buffer]
    pid = Number(line.toString())
    while (!(await answers(port, tls))) await delay(20)
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    try {
      process.kill(pid, signal)
    } catch {
      // It has ended before.
    }
    while (await takesConnections(port)) await delay(20)
    shell.stdin!.end()
  }

  await start()
  return {
    url: `redis${tls ? 's' : ''}://${ownAddress}:${port}`,
    start,
    stop: () => end('SIGTERM'),
    kill9: () => end('SIGKILL'),
    freeze: () => void process.kill(pid, 'SIGSTOP'),
    thaw: () => void process.kill(pid, 'SIGCONT'),
    async remove() {
      await end('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Whether it has read its data: until then it answers with LOADING. */
const answers = (port: number, tls?: TlsFiles) =>
  new Promise<boolean>((resolve) => {
    const ask = () => socket.write('PING\r\n')
    const socket: Socket = tls
      ? connectTls({ host: ownAddress, port, ...textsOf(tls) }, ask)
      : connect(port, ownAddress, ask)
    socket.once('data', (answer) => {
      socket.destroy()
      resolve(answer.toString().startsWith('+PONG'))
    })
    socket.once('error', () => resolve(false))
  })

const takesConnections = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, ownAddress, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
