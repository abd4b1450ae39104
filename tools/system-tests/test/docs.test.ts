import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSystem, type System } from './system'

const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
)
if (!chromium && process.env.ORDINAL_REQUIRE_ALL_SUITES)
  throw new Error('chromium is missing, and no suite may be skipped')
if (!chromium) console.warn('SKIPPED: there is no chromium to read /docs in')

const inBrowser = chromium ? describe : describe.skip

inBrowser('in a browser', () => {
  let system: System
  beforeAll(async () => {
    system = await startSystem()
  })
  afterAll(() => system.stop())

  test.each([
    ['users', '/api/v1/users/{id}'],
    ['orders', '/api/v1/orders/{id}'],
    ['sequencer', '/api/v1/next/{prefix}'],
  ] as const)('/docs of %s shows its operations, without an error', (name, path) => {
    const { dom, errors } = render(`${system[name].url}/docs`)
    // Swagger UI breaks long paths with a zero-width space.
    expect(dom.replaceAll('\u200b', '')).toContain(path)
    expect(errors).toEqual([])
  })
})

/** The page as it is after its scripts have run, and what the browser complained about. */
function render(url: string): { dom: string; errors: string[] } {
  const profile = mkdtempSync(join(tmpdir(), 'ordinal-chromium-'))
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    `--user-data-dir=${profile}`,
    '--enable-logging=stderr',
  ]
  const dom = execFileSync(
    'bash',
    ['-c', '"$0" "$@" 2>"$ERRORS"', chromium!, ...flags, '--virtual-time-budget=8000', '--dump-dom', url],
    { encoding: 'utf8', env: { ...process.env, ERRORS: join(profile, 'errors') }, maxBuffer: 2 ** 26 },
  )
  const log = execFileSync('cat', [join(profile, 'errors')], { encoding: 'utf8' })
  return {
    dom,
    errors: log.split('\n').filter((line) => line.includes('CONSOLE') && /error|refused|violat/i.test(line)),
  }
}
