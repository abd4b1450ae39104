import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { comesToHold } from './until'

// On a busy machine a start takes its time; a program that cannot start ends.
const mostStartMs = 60_000

/**
 * Starts a program of Node, and collects what it says. It has a channel to us, so that a service ends with us at
 * the latest; and it does not keep us from ending, if a test has failed and left it behind.
 *
 * @param args the script and its arguments
 * @param env all of its environment, besides PATH
 */
export function startProgram(args: string[], env: Record<string, string>, options: { cwd?: string } = {}) {
  const child = spawn(process.execPath, args, {
    cwd: options.cwd ?? tmpdir(),
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  child.unref()
  for (const channel of [child.channel, child.stdout, child.stderr]) (channel as Socket).unref()
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
    /** Resolves to the port on which it listens, if it is one of our services. */
    port: async () => {
      // A line is complete when its newline has come.
      const listening = () => /.*"listening".*(?=\n)/.exec(output)?.[0]
      await comesToHold(() => listening() !== undefined || hasEnded(child), mostStartMs)
      const line = listening()
      if (!line) throw new Error(`It does not listen: ${output}${errors}`)
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
