import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { buildSync } from 'esbuild'

export interface Program {
  run: (environment: Record<string, string>, ...args: string[]) => Running
}

export interface Running {
  child: ChildProcess
  said: () => string
  /** Gives the exit code, or the signal, when it has ended. */
  ended: Promise<number | string | null>
  kill: (signal: NodeJS.Signals) => Promise<unknown>
}

const running: Running[] = []

/** An example, as a program that is started in a process of its own, and may be killed. */
export function buildExample(name: string, folder: string): Program {
  const outfile = join(folder, `${name}.js`)
  buildSync({
    entryPoints: [join(__dirname, '..', name, 'main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    conditions: ['@ordinal/source'],
    external: ['pg-native'],
  })
  return {
    run(environment, ...args) {
      const env = { PATH: process.env.PATH, ...environment }
      const child = spawn(process.execPath, [outfile, ...args], { env })
      let log = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += String(text)))
      const ended = once(child, 'close').then(() => child.exitCode ?? child.signalCode)
      const started: Running = {
        child,
        ended,
        said: () => log,
        kill(signal) {
          child.kill(signal)
          return ended
        },
      }
      running.push(started)
      return started
    },
  }
}

/** Ends all that still run. */
export const endPrograms = () => Promise.all(running.map(({ kill }) => kill('SIGKILL')))
