import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildSync } from 'esbuild'
import { until } from './until'

/** The program of fixtures/main.ts, built into a folder of its own. */
export function buildService() {
  const folder = mkdtempSync(path.join(tmpdir(), 'ordinal-service-'))
  const program = path.join(folder, 'main.js')
  buildSync({
    entryPoints: [path.join(__dirname, 'fixtures/main.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    external: ['pg-native', 'swagger-ui-dist/*'],
  })
  cpSync(path.join(__dirname, 'fixtures/migrations'), path.join(folder, 'migrations'), { recursive: true })
  cpSync(path.dirname(require.resolve('swagger-ui-dist/package.json')), path.join(folder, 'docs'), {
    recursive: true,
  })
  return { folder, program, remove: () => rmSync(folder, { recursive: true }) }
}

/** Starts a program of Node and collects what it says. */
export function startProgram(
  args: string[],
  env: Record<string, string>,
  options: { cwd?: string; ipc?: boolean } = {},
) {
  const child = spawn(process.execPath, args, {
    cwd: options.cwd ?? tmpdir(),
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...(options.ipc ? (['ipc'] as const) : [])],
  })
  let output = ''
  let errors = ''
  child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const closed = once(child, 'close') as Promise<[number | null, string | null]>
  return {
    child,
    output: () => output,
    /** Resolves when it has ended, by itself or with a signal. */
    ended: async () => {
      const [code, signal] = await closed
      return { code, signal, output, errors }
    },
    /** Resolves to the port on which it listens. */
    port: async () => {
      await until(() => output.includes('"listening"') || hasEnded(child))
      const line = output.split('\n').find((line) => line.includes('"listening"'))
      if (!line) throw new Error(`The service does not listen: ${output}${errors}`)
      return (JSON.parse(line) as { port: number }).port
    },
  }
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
