import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Result } from '../src/instrument/results'

const root = join(__dirname, '../../..')
const program = join(root, 'dist/tools/bench/main.js')

// That the tool works and counts rightly; how fast anything is, is no test's business.
test('a quick run measures every competitor, and finds as many numbers as were answered', () => {
  const { output, results } = run('numbers')
  const { competitors, comparisons, notes } = results[0]!
  const names = competitors.map(({ name }) => name)
  for (const name of [
    'node',
    'express',
    'sequencer',
    'grpc',
    'manySequences',
    'thousandSequences',
    'single',
    'inProcess',
  ])
    expect(names).toContain(name)
  for (const { rounds } of competitors) {
    expect(rounds).toHaveLength(1)
    expect(rounds[0]!.perSecond).toBeGreaterThan(0)
  }
  const values = new Map(comparisons.map(({ title, values }) => [title, values]))
  const one = competitors.find(({ name }) => name === 'sequencer')!.rounds[0]!
  const bare = competitors.find(({ name }) => name === 'node')!.rounds[0]!
  expect(values.get('one number a request, against bare node:http')).toEqual([one.perSecond / bare.perSecond])
  expect(notes.join()).toMatch(/verified.*exported/s)
  expect(output).toContain('Issuing numbers, 64 connections')
})

test('a quick run places orders over every path, delivers events, reads lists and users, and searches', () => {
  const { output, results, report } = run('orders,events,lists,users,searches')
  expect(results.map(({ name }) => name)).toEqual(['orders', 'events', 'lists', 'users', 'searches'])
  const [orders, events, lists, users, searches] = results.map(({ competitors }) => competitors)
  expect(orders!.map(({ name }) => name)).toEqual(
    ['as_run', 'apart', 'plain'].flatMap((name) =>
      [1, 16, 64].map((connections) => `${name} ${connections}`),
    ),
  )
  expect(events!.map(({ name }) => name)).toContain('in_process')
  expect(lists).toHaveLength(6)
  expect([users!.length, searches!.length]).toEqual([3, 6])
  for (const { rounds } of [orders, events, lists, users, searches].flatMap((all) => all!))
    expect(rounds[0]!.perSecond).toBeGreaterThan(0)

  for (const { name, title, machine, competitors } of results) {
    expect(output).toContain(title)
    expect(machine).toMatchObject({ cores: expect.any(Number) as number, fsync: 'on' })
    expect(report).toContain(`![${title}](benchmarks/${name}.svg)`)
    const chart = readFileSync(join(results.folder, 'benchmarks', `${name}.svg`), 'utf8')
    expect(chart).toMatch(/^<svg [^]*<\/svg>\n$/)
    for (const { title } of competitors) expect(chart).toContain(title.slice(0, 20))
  }
})

test('a quick run issues with a standby that confirms each commit', () => {
  const { results } = run('standby')
  const { competitors, comparisons } = results[0]!
  expect(competitors.map(({ name }) => name)).toEqual(['inProcess', 'inProcessSingle', 'inProcessAlone'])
  expect(comparisons[0]!.values).toHaveLength(1)
})

test('a quick run looks at the memory of the three services under steady load, and draws it', () => {
  const { output, results, report } = run('memory')
  const { series, comparisons, competitors } = results[0]!
  expect(competitors.map(({ rounds }) => rounds[0]!.perSecond > 0)).toEqual([true, true])
  expect(output).toContain('Memory under steady load')
  expect(report).toContain('one round of 3 s')
  // Where there is no /proc nothing is known.
  if (process.platform !== 'linux') return
  const services = ['user service', 'order service', 'sequencer']
  const chart = readFileSync(join(results.folder, 'benchmarks/memory.svg'), 'utf8')
  expect(series!.map(({ title }) => title)).toEqual(services)
  for (const { title, values } of series!) {
    expect(values.length).toBeGreaterThan(5)
    for (const value of values) expect(value).toBeGreaterThan(10)
    expect(chart).toContain(title)
  }
  expect(comparisons.map(({ title }) => title)).toEqual(
    services.flatMap((name) => [
      `${name}, idle`,
      `${name}, the most under load`,
      `${name}, growth in the last half`,
    ]),
  )
})

test('a quick run issues in a ledger with many numbers, beside an empty one', () => {
  const { results } = run('ledger')
  const { competitors, comparisons, notes } = results[0]!
  const [small, large] = competitors.map(({ rounds }) => rounds[0]!.perSecond)
  expect(comparisons[0]).toMatchObject({
    title: 'a ledger with 20,000 numbers, against an empty one',
    values: [large! / small!],
  })
  expect(notes.join()).toMatch(/take \d+ bytes a number/)
})

test.each([
  [
    '--only=order',
    'There is no order; there are numbers, standby, orders, events, lists, users, searches, starvation, memory, ledger, gaps, tracing, hurt',
  ],
  ['--onyl=users', "Unknown option '--onyl'"],
])('%s, which there is not, is refused and measures nothing', (argument, refusal) => {
  const { status, stderr } = spawnSync(process.execPath, [program, argument], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([1, `${refusal}\n`])
})

function run(only: string) {
  const output = execFileSync(process.execPath, [program, '--quick', `--only=${only}`], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [, file] = /All rounds: (.*)/.exec(output)!
  const { suites } = JSON.parse(readFileSync(file!, 'utf8')) as { suites: Result[] }
  return {
    output,
    results: Object.assign(suites, { folder: dirname(file!) }),
    report: readFileSync(join(dirname(file!), 'benchmarks.md'), 'utf8'),
  }
}

test('Ctrl-C ends the servers and leaves nothing of them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-interrupted-'))
  const bench = spawn(process.execPath, [program, '--quick', '--only=users'], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  const filling = new Promise<void>((resolve) => {
    bench.stderr.on('data', (chunk) => {
      output += String(chunk)
      if (output.includes('Filling')) resolve()
    })
  })
  await Promise.race([filling, once(bench, 'exit')])
  const [link] = readdirSync(folder)
  const dataFolder = realpathSync(join(folder, link!, 'postgres'))
  bench.kill('SIGINT')
  expect(await once(bench, 'exit')).toEqual([130, null])
  expect(output).toContain('Stopping the servers')
  expect(readdirSync(folder)).toEqual([])
  expect(existsSync(dataFolder)).toBe(false)
  rmSync(folder, { recursive: true })
})
