import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** The name of the Chromium that is installed here, if there is one. */
export const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
)

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--enable-logging=stderr',
]

/**
 * Opens a page, and lets its scripts run.
 *
 * @returns the document as it is then, and all that was said on its console: by scripts, of files that did not
 *   come, of what the content policy refused
 */
export async function render(url: string): Promise<{ dom: string; console: string[] }> {
  if (!chromium) throw new Error('There is no chromium here, and no suite may be skipped: install it')
  const profile = await mkdtemp(join(tmpdir(), 'ordinal-chromium-'))
  try {
    const args = [...flags, `--user-data-dir=${profile}`, '--virtual-time-budget=8000', '--dump-dom', url]
    const { stdout, stderr } = await promisify(execFile)(chromium, args, {
      maxBuffer: 2 ** 26,
      timeout: 150_000,
    })
    return { dom: stdout, console: stderr.split('\n').filter((line) => line.includes('CONSOLE')) }
  } finally {
    // Its helpers may still write there.
    await rm(profile, { recursive: true, force: true, maxRetries: 10 })
  }
}
