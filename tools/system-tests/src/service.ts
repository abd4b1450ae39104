import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { listedServices, type ListedService } from '@ordinal/local-stack'
import { ownAddress, ownPort } from '@ordinal/testing'
import { forget, remember } from './logs'

export const root = join(__dirname, '../../..')

const bundles = join(root, 'dist/apps')
const run = promisify(execFile)

export { listedServices, type ListedService }
export const serviceNames = listedServices.map(({ name }) => name)

export type Environment = Record<string, string>

/** `USER_SERVICE` for user-service: what the names of its variables begin with. */
export const prefixOf = (name: string) => name.toUpperCase().replaceAll('-', '_')

export type ServiceProcess = Awaited<ReturnType<typeof createService>>

// As long as a start may take that brings a database to its schema, on a slow disk.
const patienceMs = 180_000

/**
 * A service in a process of its own, from its bundle; it is not started yet.
 *
 * @param environment all of its variables but its port
 * @param folder where its bundle is
 */
export async function createService(name: string, environment: Environment, folder = join(bundles, name)) {
  const port = await ownPort()
  const url = `http://${ownAddress}:${port}`
  const grpcPort = await ownPort()
  let bundle = join(folder, 'main.js')
  const variables: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    [`${prefixOf(name)}_HOST`]: ownAddress,
    METRICS_MAX_AGE_MS: '0',
    [`${prefixOf(name)}_PORT`]: String(port),
    ...(listedServices.find((listed) => listed.name === name)?.grpcPort && {
      [`${prefixOf(name)}_GRPC_PORT`]: String(grpcPort),
    }),
    // Answers that are not there in time are of tests that say so: a busy machine may pause for longer than by default.
    ...(name === 'order-service' && { ORDER_SERVICE_CALL_TIMEOUT_MS: '5000' }),
    // Tests are anonymous, and draw as fast as they can.
    ...(name === 'sequencer' && {
      SEQUENCER_ANONYMOUS_QUOTA_NUMBERS: '0',
      SEQUENCER_ANONYMOUS_QUOTA_RESERVATIONS: '0',
    }),
    ...environment,
  }
  let child: ChildProcess | undefined
  let closed: Promise<unknown[]> | undefined
  let log = ''

  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null

  async function isReady(): Promise<boolean> {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(1_000) }).catch(
      () => null,
    )
    return answer?.ok ?? false
  }

  const service = {
    name,
    url,
    port,
    /** Where gRPC is called, if the service has it. */
    grpcAt: `${ownAddress}:${grpcPort}`,
    isRunning,
    isReady,
    pid: () => child!.pid!,
    /** What it answers to a message on its channel, if something in it does. */
    async report<T>(): Promise<T> {
      const answered = once(child!, 'message') as Promise<[T]>
      child!.send('report')
      return (await answered)[0]
    },
    /** Gives it more variables, for its next start. */
    configure: (more: Environment) => void Object.assign(variables, more),
    /** Has another build at its next start: of another version, perhaps. */
    replaceBundle: (other: string) => void (bundle = join(other, 'main.js')),
    /** Brings its database to what the build in a folder wants, as operators do before they replace instances. */
    migrate: (other: string) =>
      run(process.execPath, [join(other, 'main.js'), '--migrate'], { cwd: tmpdir(), env: variables }),
    /** All it has said, in all its lives. */
    log: () => log,

    /** Starts the process, on the same port as before if it was started before. */
    launch(): void {
      // With a channel to us it ends when we are killed.
      child = spawn(process.execPath, [bundle], {
        cwd: tmpdir(),
        env: variables,
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      })
      for (const stream of [child.stdout!, child.stderr!])
        stream.on('data', (chunk) => (log += String(chunk)))
      closed = once(child, 'close')
    },

    async ready(): Promise<void> {
      const deadline = Date.now() + patienceMs
      while (!(await isReady())) {
        if (!isRunning()) throw new Error(`${name} has ended while it was starting:\n${log.slice(-3_000)}`)
        if (Date.now() > deadline) throw new Error(`${name} is not ready after ${patienceMs} ms`)
        await delay(20)
      }
    },

    async start(): Promise<void> {
      service.launch()
      await service.ready()
    },

    /** Resolves when it has said this. */
    async says(text: string): Promise<void> {
      const deadline = Date.now() + patienceMs
      while (!log.includes(text)) {
        if (!isRunning() || Date.now() > deadline)
          throw new Error(`${name} does not say "${text}" but:\n${log}`)
        await delay(20)
      }
    },

    /** Gives the exit code, or the signal, when the process has ended by itself. */
    async ended(): Promise<number | string | null> {
      await closed
      return child!.exitCode ?? child!.signalCode
    },

    /** Ends it with a signal; gives the exit code, or the signal. */
    end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string | null> {
      child!.kill(signal)
      return service.ended()
    },

    /** Stops the process in its tracks, its connections open, until `thaw`. */
    freeze: () => void child!.kill('SIGSTOP'),
    thaw: () => void child!.kill('SIGCONT'),

    /** Ends the process for good, if it runs. */
    async remove(): Promise<void> {
      forget(service)
      if (!isRunning()) return
      service.thaw()
      await service.end()
    },
  }
  remember(service)
  return service
}
