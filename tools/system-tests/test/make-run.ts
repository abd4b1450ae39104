import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { forget, remember } from '../src/logs'
import { shellEnvironment } from '../src/repository-copy'

const printedWithinMs = 300_000

/** Runs a command as it would be pasted into a shell, and gives what it prints. Fails if the command does. */
export const runInShell = (command: string, folder: string): string =>
  execFileSync('bash', ['-c', command], {
    cwd: folder,
    encoding: 'utf8',
    env: shellEnvironment(),
    stdio: 'pipe',
  })

/** Runs `make run` where it is to fail, and gives the lines that it prints. */
export function makeRunThatFails(folder: string): string[] {
  const options = {
    cwd: folder,
    encoding: 'utf8',
    env: shellEnvironment(),
    timeout: printedWithinMs,
  } as const
  const { status, stdout, stderr } = spawnSync('make', ['run'], options)
  if (status === 0) throw new Error(`make run has not failed:\n${stdout}`)
  return `${stdout}${stderr}`.trim().split('\n')
}

export type RunningStack = Awaited<ReturnType<typeof startMakeRun>>

/** Starts `make run`, or another target that ends like it, and waits until it has printed all of its last words. */
export async function startMakeRun(folder: string, target = 'run') {
  // A group of its own, as a terminal gives it: Ctrl-C reaches all of it.
  const make = spawn('make', [target], { cwd: folder, env: shellEnvironment(), detached: true })
  const closed = once(make, 'close')
  let printed = ''
  for (const stream of [make.stdout, make.stderr]) stream.on('data', (chunk) => (printed += String(chunk)))

  const stack = {
    name: `make ${target}`,
    log: () => printed,
    isRunning: () => isRunning(make),
    /** Sends a signal to make and all that it has started in the foreground, and waits for their end. */
    async end(signal: NodeJS.Signals): Promise<void> {
      if (isRunning(make)) process.kill(-make.pid!, signal)
      await closed
      forget(stack)
    },
  }
  remember(stack)
  for (
    const deadline = Date.now() + printedWithinMs;
    !/^Ordinal runs[^]*\n$/m.test(printed);
    await delay(50)
  ) {
    if (isRunning(make) && Date.now() < deadline) continue
    await stack.end('SIGINT')
    throw new Error(`make ${target} does not print "Ordinal runs" but:\n${printed}`)
  }
  return stack
}

const isRunning = ({ exitCode, signalCode }: ChildProcess) => exitCode === null && signalCode === null
