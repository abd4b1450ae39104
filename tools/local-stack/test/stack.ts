import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { removeEmbeddedPostgres } from '@ordinal/embedded-postgres'
import { freePort } from '@ordinal/testing'
import { build } from 'esbuild'
import { listedServices, variablesOf } from '../src/service-list'

export const serviceNames = listedServices.map(({ name }) => name)

/** A folder laid out as the repository is after a build, with fake services, in a temporary place. */
export interface Repository {
  root: string
  ports: Record<string, number>
  /** Starts the stack, as `make run` does; `account` is the user to run as. */
  run(environment?: NodeJS.ProcessEnv, account?: { uid: number; gid: number }): Stack
  /** What the fake service answers to a GET. */
  get<T>(service: string, path?: string): Promise<T>
  log(service: string): Promise<string>
}

export interface Stack {
  process: ChildProcess
  /** All it has printed. */
  output(): string
  /** Resolves when it has printed this. */
  printed(text: string | RegExp): Promise<void>
  /** Says that a service has a new bundle, as `make dev` does. */
  reload(service: string): void
  /** Sends a signal to it and its children, as a terminal does. */
  signal(signal: NodeJS.Signals): void
  /** Resolves with the exit code (or the signal) when it has ended. */
  ended(): Promise<number | NodeJS.Signals>
}

const made: { root: string; stacks: Stack[] }[] = []

export async function createRepository({ mode = 0o755, owner = 0 } = {}): Promise<Repository> {
  const root = await mkdtemp(join(tmpdir(), 'local-stack-'))
  const stacks: Stack[] = []
  made.push({ root, stacks })

  const program = join(root, 'dist/tools/local-stack/main.js')
  await mkdir(dirname(program), { recursive: true })
  await writeFile(program, await bundled())
  await symlink(resolve(__dirname, '../../../node_modules'), join(root, 'node_modules'))
  for (const name of serviceNames) {
    const folder = join(root, 'dist/apps', name)
    await mkdir(folder, { recursive: true })
    await copyFile(join(__dirname, 'fake-service.js'), join(folder, 'main.js'))
  }
  await chmod(root, mode)
  if (owner) await chown(root, owner, owner)

  const ports: Record<string, number> = {}
  const portVariables: Record<string, string> = {}
  for (const { name, grpcPort } of listedServices) {
    const prefix = variablesOf(name)
    ports[name] = await freePort()
    portVariables[`${prefix}_PORT`] = String(ports[name])
    portVariables[`${prefix}_DEBUG_PORT`] = String(await freePort())
    if (grpcPort !== undefined) portVariables[`${prefix}_GRPC_PORT`] = String(await freePort())
  }
  return {
    root,
    ports,
    run(environment = {}, account) {
      const stack = runStack(program, {
        ...account,
        cwd: root,
        env: {
          PATH: process.env.PATH,
          ...portVariables,
          ...environment,
        },
      })
      stacks.push(stack)
      return stack
    },
    async get(service, path = '/') {
      const response = await fetch(`http://127.0.0.1:${ports[service]}${path}`)
      return (await response.json()) as never
    },
    log: (service) => readFile(join(root, '.data/logs', `${service}.log`), 'utf8'),
  }
}

let bundle: Promise<Uint8Array> | undefined

/** The program of the stack, built once for the tests of a file. */
const bundled = () =>
  (bundle ??= build({
    entryPoints: [resolve(__dirname, '../src/main.ts')],
    write: false,
    bundle: true,
    platform: 'node',
    external: ['pg-native'],
  }).then(({ outputFiles }) => outputFiles[0]!.contents))

/** Ends the stacks that still run, and deletes all repositories with their servers. */
export async function removeRepositories(): Promise<void> {
  for (const { root, stacks } of made.splice(0)) {
    for (const stack of stacks) stack.process.kill('SIGKILL')
    await removeEmbeddedPostgres(join(root, '.data/postgres'))
    await rm(root, { recursive: true, maxRetries: 5 })
  }
}

function runStack(program: string, options: { cwd: string; env: NodeJS.ProcessEnv }): Stack {
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', 'ipc']
  const child = spawn(process.execPath, [program], { ...options, detached: true, stdio })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream!.on('data', (chunk: Buffer) => (output += chunk.toString()))
  }
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  return {
    process: child,
    output: () => output,
    async printed(text) {
      const deadline = Date.now() + 120_000
      while (typeof text === 'string' ? !output.includes(text) : !text.test(output)) {
        if (Date.now() > deadline)
          throw new Error(`${text} was not printed in two minutes, but this:\n${output}`)
        await delay(20)
      }
    },
    reload: (service) => void child.send({ reload: service }),
    signal: (signal) => void process.kill(-child.pid!, signal),
    async ended() {
      const [code, signal] = await closed
      return code ?? signal!
    },
  }
}
