import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../cluster'
import type { Checked } from './check'
import type { Installation } from './installation'

/** What `--raise-counters` prints. */
interface Raised {
  counters: { skipped: number; withheld: number }[]
}

/**
 * Runs `ordinal restore-check` with the checkpoint that was kept, and gives what it has found.
 *
 * @throws Error if it prints nothing
 */
export function restoreCheck(
  { folder, urls, auditor, checkpointFile }: Installation,
  ended: AbortSignal,
  ...options: string[]
): Promise<Checked> {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    ORDINAL_USERS_URL: urls.users,
    ORDINAL_ORDERS_URL: urls.orders,
    ORDINAL_SEQUENCER_URL: urls.sequencer,
    ORDINAL_API_KEY: auditor,
  }
  const main = join(root, 'packages/cli/dist/main.js')
  const args = [main, '--json', 'restore-check', '--checkpoint', checkpointFile, ...options]
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      args,
      { env, cwd: folder, signal: ended, maxBuffer: 1e8 },
      (error, stdout, stderr) => {
        if (stdout === '') return reject(new Error(`ordinal restore-check printed nothing: ${stderr}`))
        const exitCode = error ? Number(error.code) : 0
        resolve({ ...(JSON.parse(stdout) as Omit<Checked, 'exitCode'>), exitCode })
      },
    )
  })
}

/**
 * Runs `sequencer --raise-counters`.
 *
 * @param killedAfterMs when it is killed, if it has not ended by itself; it gives undefined then
 * @throws Error if it ends with a fault
 */
export function raiseCounters(
  { folder, environmentOf }: Installation,
  ended: AbortSignal,
  plan: string,
  killedAfterMs?: number,
): Promise<Raised | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'dist/apps/sequencer/main.js'), '--raise-counters'], {
      cwd: folder,
      env: { PATH: process.env.PATH, ...environmentOf('sequencer') },
      stdio: ['pipe', 'pipe', 'inherit'],
      signal: ended,
      killSignal: 'SIGKILL',
    })
    child.on('error', reject)
    let output = ''
    child.stdout.on('data', (piece: Buffer) => (output += piece.toString()))
    child.stdin.on('error', () => undefined)
    child.stdin.end(plan)
    const timer =
      killedAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killedAfterMs)
    child.on('close', (code) => {
      clearTimeout(timer)
      if (code === 0) resolve(JSON.parse(output) as Raised)
      else if (killedAfterMs !== undefined) resolve(undefined)
      else reject(new Error(`--raise-counters ends with ${code}`))
    })
  })
}
