import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { takesConnections } from './test-pgbouncer'
import { until } from './until'

/** A HAProxy of its own for a test file. */
export interface TestHaproxy {
  /** All it has said. */
  log(): string
  /** Ends it at once. */
  remove(): Promise<void>
}

const program = ['haproxy', '/usr/sbin/haproxy'].find((path) => spawnSync(path, ['-v']).status === 0)
/** Whether there is a haproxy to start; Debian has it where only root looks. */
export const hasHaproxy = program !== undefined

// Its stdin is a pipe from us, closed when we end in any way.
const keeper = `
  exec 3<&0
  "$0" "$@" &
  balancer=$!
  (read -r never; kill -9 $balancer 2>/dev/null) <&3 &
  wait $balancer`

/**
 * Starts HAProxy; it listens when this resolves.
 *
 * @param file its configuration
 * @param environment what the configuration has in \${…}
 * @param port one of our address that it then listens on
 */
export async function startTestHaproxy(
  file: string,
  environment: Record<string, string>,
  port: number,
): Promise<TestHaproxy> {
  const env = { PATH: process.env.PATH, ...environment }
  const { status, stderr } = spawnSync(program ?? 'haproxy', ['-c', '-f', file], { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`haproxy refuses ${file}:\n${stderr}`)
  const shell = spawn('/bin/sh', ['-c', keeper, program ?? 'haproxy', '-db', '-V', '-f', file], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  shell.unref()
  for (const pipe of [shell.stdin, shell.stdout, shell.stderr]) (pipe as unknown as Socket).unref()
  let log = ''
  for (const pipe of [shell.stdout, shell.stderr])
    pipe.on('data', (chunk: Buffer) => (log += chunk.toString()))
  const closed = once(shell, 'close')
  await until(async () => (await takesConnections(port)) || shell.exitCode !== null)
  if (shell.exitCode !== null) throw new Error(`haproxy does not start:\n${log}`)
  return {
    log: () => log,
    async remove() {
      shell.stdin.end()
      await closed
    },
  }
}
