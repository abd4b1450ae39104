import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { loadEnvFile } from '@ordinal/config'
import { root } from '@ordinal/bench'
import { readSettings } from './options'
import { showProgress } from './progress'
import { exitCodeOf, prepareFolder, textOf, writeReport } from './report'
import { runLoadTest } from './run'

void main().then((exitCode) => process.exit(exitCode))

/** Gives the exit code. An error is one line on standard error. */
async function main(): Promise<number> {
  try {
    loadEnvFile(join(root, '.env'), process.env)
    const settings = readSettings(process.argv.slice(2), process.env, (text) => process.stderr.write(text))
    if (settings.report !== undefined) prepareFolder(settings.report)
    const { apiKey, token = settings.isLocalStack ? tokenOfLocalStack() : undefined } = settings
    const progress = showProgress(process.stderr)
    const result = await runLoadTest(
      { ...settings, ...(apiKey === undefined && { token }) },
      progress,
      interruption((line) => progress.say(line)),
    )
    process.stdout.write(textOf(result))
    if (settings.report !== undefined)
      process.stdout.write(`\n${(await writeReport(settings.report, result)).join('\n')}\n`)
    return exitCodeOf(result)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    process.stderr.write(`${(error as Error).message}\n`)
    return 2
  }
}

/** Of `make run`, if that is what is tested: whoever may read its secrets may be its administrator. */
function tokenOfLocalStack(): string | undefined {
  const program = join(root, 'dist/tools/local-stack/main.js')
  if (!existsSync(program)) return undefined
  try {
    return execFileSync(process.execPath, [program, '--token', 'admin'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return undefined
  }
}

/** Ctrl-C ends the load, and the rest is done; a second one ends all of it. */
function interruption(say: (line: string) => void): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130)
      say('Interrupted: what was sent is reported and compared.')
      controller.abort()
    })
  return controller.signal
}
