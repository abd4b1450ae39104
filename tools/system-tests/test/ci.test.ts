import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseJsonConfigFileContent, readConfigFile, sys } from 'typescript'
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

  test('it names what has failed at its end, where a reader looks', () => {
    const failed = ['# FAILED audit a.test.ts: adds up', '#   Expected: 2', '40 1 0 audit']
    const { lines } = runCi(
      `printf '%s\\n' ${failed.map((line) => `'${line}'`).join(' ')} >>"$$ORDINAL_TEST_COUNTS"; false`,
    )
    expect(lines).toEqual([
      'FAILED audit a.test.ts: adds up',
      '  Expected: 2',
      '40 passed, 1 failed, 0 skipped',
    ])
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

test('types are checked in one program, which has every file of every project, as strictly as there', () => {
  const read = (file: string) => {
    const { config } = readConfigFile(file, sys.readFile) as { config: object }
    const { options, fileNames } = parseJsonConfigFileContent(config, sys, dirname(file))
    return { options: { ...options, configFilePath: '' }, fileNames }
  }
  const whole = read(join(root, 'tsconfig.json'))
  const projects = ['apps', 'libs', 'packages', 'tools']
    .flatMap((folder) =>
      readdirSync(join(root, folder)).map((name) => join(root, folder, name, 'tsconfig.json')),
    )
    .concat(join(root, 'examples/tsconfig.json'))
    // What runs in browsers has other types, and a program of its own.
    .filter((file) => existsSync(file) && file !== join(root, 'apps/console/tsconfig.json'))
  const builder = readFileSync(join(root, 'tools/build/package.json'), 'utf8')
  expect(builder).toContain('tsc --project tsconfig.json && tsc --project apps/console/tsconfig.json')
  expect(projects.length).toBeGreaterThan(20)
  for (const project of projects) {
    const { options, fileNames } = read(project)
    expect(whole.options).toEqual(options)
    expect(fileNames.filter((file) => !whole.fileNames.includes(file))).toEqual([])
  }
})

test('a suite counts what has passed, failed and been skipped, and says which failed, and which does not load', () => {
  const file = join(clone, 'counts')
  write('good.test.js', "test('a', () => {}); test.skip('b', () => {}); test.todo('c')")
  write('bad.test.js', "test('a', () => {}); test('b', () => { throw new Error('no') })")
  write('broken.test.js', "require('./nothing')")
  write('jest.config.js', `module.exports = { reporters: [[${JSON.stringify(reporter)}, {}]] }`)
  spawnSync(process.execPath, [require.resolve('jest/bin/jest'), '--rootDir', clone], {
    cwd: clone,
    env: { PATH: process.env.PATH, ORDINAL_TEST_COUNTS: file },
  })
  const written = readFileSync(file, 'utf8')
  expect(written).toMatch(/^2 2 2 ordinal-ci-\w+\n$/m)
  expect(written).toMatch(/^# FAILED ordinal-ci-\w+ bad\.test\.js: b\n# {3}Error: no\n/m)
  expect(written).toMatch(
    /^# FAILED ordinal-ci-\w+ broken\.test\.js does not load\n# {3}.*Cannot find module/m,
  )
})

const reporter = join(root, 'tools/build/src/count-tests.js')
const nxEnvironment = () => ({ PATH: process.env.PATH, HOME: process.env.HOME, NX_DAEMON: 'false' })
