import type { Writable } from 'node:stream'
import { createOrdinal, OrdinalError, ProblemError, type Ordinal } from '@ordinal/client'
import type { Command } from 'commander'
import { exitCodeOf } from './exit-codes'
import { createOutput, visible, type Output } from './output'
import type { Screen } from './progress'
import { profileFor, type Profile } from './profiles'

/** What a command has to work with. */
export interface Work {
  ordinal: Ordinal
  /** The installation that it is about. */
  profile: Profile
  /** The time for a command. */
  timeoutMs: number
  output: Output
  /** Standard output, for a command whose result is a file. */
  stdout: Writable
  /** For what is said while it works, beside its result. */
  screen: Screen
  /** For what is no error, and no success either. */
  setExitCode: (code: number) => void
}

/** Makes of a command what commander calls: it gets its work first, then its arguments and options. */
export type Run = <Args extends unknown[]>(
  command: (work: Work, ...args: Args) => void | Promise<void>,
) => (...args: [...Args, Command]) => Promise<void>

interface GlobalOptions {
  profile?: string
  json?: boolean
  timeout: number
}

/** Runs commands in a process: what goes wrong becomes lines on standard error, and an exit code. */
export function runIn(host: NodeJS.Process): Run {
  return (command) =>
    async (...all) => {
      const args = all.slice(0, -1)
      const {
        profile: name,
        json = false,
        timeout,
      } = (all.at(-1) as Command).optsWithGlobals<GlobalOptions>()
      try {
        const profile = profileFor(name, host.env)
        const timeoutMs = timeout * 1000
        const ordinal = createOrdinal({ ...profile, timeoutMs })
        const output = createOutput((text) => void host.stdout.write(text), json)
        const setExitCode = (code: number) => (host.exitCode = code)
        const { stdout, stderr: screen } = host
        const work = { ordinal, profile, timeoutMs, output, stdout, screen, setExitCode }
        await command(work, ...(args as never))
      } catch (error) {
        host.stderr.write(`${explain(error)}\n`)
        host.exitCode = exitCodeOf(error)
      }
    }
}

/** For people: what, where, and how to find out more. */
function explain(error: unknown): string {
  if (!(error instanceof ProblemError)) {
    const hint =
      error instanceof OrdinalError
        ? '\nIs it running there? ordinal profile shows where it is looked for'
        : ''
    return `${visible(textOfFileError(error as NodeJS.ErrnoException) ?? (error as Error).message)}${hint}`
  }
  const { problem, requestId, retryAfterMs } = error
  return [
    `${problem.title}: ${problem.detail}`,
    ...(problem.errors ?? []).map(({ path, message }) => `  ${path} ${message}`),
    ...(retryAfterMs ? [`Try again in ${Math.ceil(retryAfterMs / 1000)} s`] : []),
    `(${problem.code}${requestId && `, request ${requestId}`})`,
  ]
    .map(visible)
    .join('\n')
}

const fileFaults: Record<string, string> = {
  ENOENT: 'is not there',
  ENOTDIR: 'is not there: what should be its directory is a file',
  EISDIR: 'is a directory',
  EACCES: 'may not be opened by this user',
  EPERM: 'may not be opened by this user',
  EROFS: 'is on a file system that is read-only',
  ENOSPC: 'has no room left on its disk',
}

/** Why a file could not be read or written; undefined for another error. A directory that is read has no path in its error. */
function textOfFileError({ code = '', path = 'A file that was given' }: NodeJS.ErrnoException) {
  const fault = fileFaults[code]
  return fault && `${path} ${fault}`
}
