import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { StartOptions } from '../src'

/** What `starter.ts` prints. */
interface Started {
  port: number
  pid: number
  adopted: boolean
  adminUrl: string
}

/** Bundles `starter.ts` into a folder, and gives the program's path. */
export async function buildStarter(folder: string): Promise<string> {
  const outfile = join(folder, 'starter.js')
  await build({
    entryPoints: [join(__dirname, 'fixtures/starter.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    external: ['pg-native'],
    logLevel: 'warning',
  })
  return outfile
}

/** Runs the starter until it has printed its server; it goes on running when `stay` is set. */
export async function runStarter(
  program: string,
  options: StartOptions & { stay?: boolean },
  account: { uid?: number; gid?: number } = {},
): Promise<{ process: ChildProcess; server: Started }> {
  const starter = spawn(process.execPath, [program, JSON.stringify(options)], account)
  let output = ''
  let errors = ''
  starter.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  starter.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  await Promise.race([once(starter.stdout, 'data'), once(starter, 'close')])
  if (!output) throw new Error(errors)
  return { process: starter, server: JSON.parse(output) as Started }
}

export async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}
