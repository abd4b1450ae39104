import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../src/service'

let clone: string
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'ordinal-ci-'))
})
afterEach(() => rmSync(clone, { recursive: true }))

const write = (file: string, content: string) =>
  writeFileSync(join(clone, file), content, { mode: 0o755, flush: true })

/** Runs `.ci/run` in a clone where `make test` is this recipe, with every package installed. */
function runCi(recipe: string, environment: NodeJS.ProcessEnv = {}) {
  for (const folder of ['.ci', 'bin']) mkdirSync(join(clone, folder))
  copyFileSync(join(root, '.ci/run'), join(clone, '.ci/run'))
  write('bin/dpkg', '#!/bin/sh\n')
  write('Makefile', `test:\n\t@${recipe}\n`)
  const PATH = `${join(clone, 'bin')}:${process.env.PATH}`
  const env = { PATH, ...environment }
  const { status, stdout } = spawnSync(join(clone, '.ci/run'), { encoding: 'utf8', cwd: '/', env })
  return { status, lines: stdout.trimEnd().split('\n') }
}

/** A recipe that counts as a suite does. */
const counting = (...counts: string[]) =>
  counts.map((count) => `echo ${count} >>"$$ORDINAL_TEST_COUNTS"`).join('; ')

describe('.ci/run', () => {
  test('its last line counts the tests of all suites', () => {
    const { status, lines } = runCi(counting('40 0 1 audit', '2 0 3 sequencer'))
    expect([status, lines.at(-1)]).toEqual([0, '42 passed, 0 failed, 4 skipped'])
  })

  test('it fails when a suite fails, and counts then too', () => {
    const { status, lines } = runCi(`${counting('40 2 0 audit', '1 0 0 sequencer')}; false`)
    expect([status, lines.at(-1)]).toEqual([2, '41 passed, 2 failed, 0 skipped'])
  })

  test('a run without a test counts none', () => {
    expect(runCi('true').lines).toEqual(['0 passed, 0 failed, 0 skipped'])
  })

  test('Nx has its cache and its database inside the clone, wherever the user has them', () => {
    const users = { NX_CACHE_DIRECTORY: '/somewhere', NX_WORKSPACE_DATA_DIRECTORY: '/somewhere' }
    const { lines } = runCi('echo $$NX_CACHE_DIRECTORY; echo $$NX_WORKSPACE_DATA_DIRECTORY', users)
    expect(lines.slice(0, 2)).toEqual([join(clone, '.nx/cache'), join(clone, '.nx/workspace-data')])
  })
})

test('no result of a test comes from the cache of Nx', () => {
  const targets = execFileSync('npx', ['nx', 'graph', '--print'], {
    cwd: root,
    encoding: 'utf8',
    env: nxEnvironment(),
  })
  const { graph } = JSON.parse(targets) as {
    graph: { nodes: Record<string, { data: { targets: Record<string, { cache?: boolean }> } }> }
  }
  const tests = Object.values(graph.nodes).flatMap(({ data }) => data.targets.test ?? [])
  expect(tests.length).toBeGreaterThan(15)
  expect(tests.filter(({ cache }) => cache !== false)).toEqual([])
})

test('a suite counts what has passed, failed and been skipped, and a file that does not load as failed', () => {
  const file = join(clone, 'counts')
  write('good.test.js', "test('a', () => {}); test.skip('b', () => {}); test.todo('c')")
  write('bad.test.js', "test('a', () => {}); test('b', () => { throw new Error('no') })")
  write('broken.test.js', "require('./nothing')")
  write('jest.config.js', `module.exports = { reporters: [[${JSON.stringify(reporter)}, {}]] }`)
  spawnSync(process.execPath, [require.resolve('jest/bin/jest'), '--rootDir', clone], {
    cwd: clone,
    env: { PATH: process.env.PATH, ORDINAL_TEST_COUNTS: file },
  })
  expect(readFileSync(file, 'utf8')).toMatch(/^2 2 2 ordinal-ci-\w+\n$/)
})

const reporter = join(root, 'tools/build/src/count-tests.js')
const nxEnvironment = () => ({ PATH: process.env.PATH, HOME: process.env.HOME, NX_DAEMON: 'false' })
