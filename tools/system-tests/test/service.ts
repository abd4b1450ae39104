import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export const root = join(__dirname, '../../..')

/** A service in a process of its own, from its bundle. */
export interface ServiceProcess {
  url: string
  port: number
  pid(): number
  /** Everything it has printed. */
  output(): string
  /** Starts it, again on the same port after an end; resolves when it is ready. */
  start(): Promise<void>
  /** Ends it with a signal; resolves to its exit code when it has ended. */
  end(signal?: NodeJS.Signals): Promise<number | null>
  /** Stops it in its tracks, with its connections open; `thaw` lets it go on. */
  freeze(): void
  thaw(): void
}

/**
 * Prepares a service's process.
 *
 * @param name the folder under dist/apps
 * @param environment its variables; the port is added
 */
export async function createService(
  name: string,
  environment: Record<string, string>,
): Promise<ServiceProcess> {
  const port = await freePort()
  const variable = `${name.toUpperCase().replaceAll('-', '_')}_PORT`
  const url = `http://127.0.0.1:${port}`
  let child: ChildProcess | undefined
  let output = ''

  return {
    url,
    port,
    pid: () => child!.pid!,
    output: () => output,
    async start() {
      const started = spawn(process.execPath, [join(root, 'dist/apps', name, 'main.js')], {
        cwd: '/tmp',
        env: { PATH: process.env.PATH, [variable]: String(port), ...environment },
        // It ends with the channel, and so with us.
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      })
      child = started
      for (const stream of [started.stdout!, started.stderr!])
        stream.on('data', (chunk) => (output += String(chunk)))
      while (!(await isReady(url))) {
        if (started.exitCode !== null)
          throw new Error(`${name} ended while it was starting:\n${output.slice(-3000)}`)
        await delay(20)
      }
    },
    async end(signal = 'SIGTERM') {
      if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
      const ended = once(child, 'exit')
      child.kill(signal)
      const [code] = (await ended) as [number | null]
      return code
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
  }
}

const isReady = (url: string) =>
  fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(1000) }).then(
    ({ ok }) => ok,
    () => false,
  )

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
