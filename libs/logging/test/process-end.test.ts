import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildSync } from 'esbuild'

const folder = mkdtempSync(path.join(tmpdir(), 'ordinal-log-'))
const library = path.join(folder, 'logging.js')

beforeAll(() => {
  buildSync({
    entryPoints: [path.join(__dirname, '../src/index.ts')],
    outfile: library,
    bundle: true,
    platform: 'node',
  })
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs a program with a `log`; gives what it wrote to its standard output, which is a file or a pipe. */
function run(body: string, output: 'file' | 'pipe' = 'pipe') {
  const script = `
    const log = require(${JSON.stringify(library)}).createLogger({ service: 's', level: 'info' })
    ${body}`
  const file = path.join(folder, 'log')
  const descriptor = openSync(file, 'w')
  const stdio = ['ignore', output === 'pipe' ? 'pipe' : descriptor, 'ignore'] as const
  const { stdout, status, signal } = spawnSync(process.execPath, ['-e', script], {
    stdio: [...stdio],
    encoding: 'utf8',
  })
  closeSync(descriptor)
  const written = output === 'pipe' ? stdout : readFileSync(file, 'utf8')
  return { lines: written.split('\n').filter(Boolean), status, signal }
}

const endings = {
  'by itself': '',
  'by process.exit': 'process.exit(0)',
  'by an uncaught exception': "throw new Error('broken')",
  'by a rejection that nobody handles': "void Promise.reject(new Error('broken'))",
  'by a second signal, which is answered with process.exit':
    "process.on('SIGTERM', () => process.exit(1)); process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 10_000)",
}

describe.each(['file', 'pipe'] as const)('to a %s', (output) => {
  test.each(Object.entries(endings))('a process that ends %s has written every line', (_, ending) => {
    const { lines } = run(
      `for (let n = 0; n < 300; n++) log.request({ n })\nlog.info('last')\n${ending}`,
      output,
    )
    expect(lines).toHaveLength(301)
    expect(lines.at(-1)).toContain('"message":"last"')
  })
})

test('an error is written in its turn, with what came before it, also if the process is killed then', () => {
  const { lines, signal } = run(`
    log.request({ n: 1 })
    log.error('failed')
    setImmediate(() => setImmediate(() => process.kill(process.pid, 'SIGKILL')))`)
  expect(signal).toBe('SIGKILL')
  expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual([
    'request',
    'failed',
  ])
})

test('lines of many turns of the event loop go in a few writes', () => {
  const { lines } = run(`
    let writes = 0
    const write = process.stdout.write.bind(process.stdout)
    process.stdout.write = (...args) => { writes += 1; return write(...args) }
    let n = 0
    const turn = () => {
      log.request({ n })
      if (++n < 1_000) return setImmediate(turn)
      log.close().then(() => log.info('writes', { writes })).then(() => log.close())
    }
    turn()`)
  expect(lines).toHaveLength(1_001)
  const { writes } = JSON.parse(lines.at(-1)!) as { writes: number }
  expect(writes).toBeLessThan(500)
})
