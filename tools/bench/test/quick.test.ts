import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Report } from '../src/report'

const root = join(__dirname, '../../..')

// That the tool works and counts rightly; how fast anything is, is no test's business.
test('a quick run measures every contestant, and finds as many numbers as were answered', () => {
  const output = execFileSync(process.execPath, [join(root, 'dist/tools/bench/main.js'), '--quick'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [, file] = /All rounds: (.*)/.exec(output)!
  const { rest, inProcess, settings } = JSON.parse(readFileSync(join(root, file!), 'utf8')) as Report
  expect(settings.quick).toBe(true)
  expect(rest.length).toBeGreaterThanOrEqual(9)
  for (const { rounds } of rest) {
    expect(rounds).toHaveLength(1)
    expect(rounds[0]).toMatchObject({ failures: 0 })
    expect(rounds[0]!.requests).toBeGreaterThan(0)
  }
  expect(inProcess.grouped[0]!.perSecond).toBeGreaterThan(0)
  expect(output).toContain('Aimed for')
}, 120_000)
