import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OrderReport } from '../src/order-benchmarks'
import type { Report } from '../src/report'

const root = join(__dirname, '../../..')
const program = join(root, 'dist/tools/bench/main.js')

// That the tool works and counts rightly; how fast anything is, is no test's business.
test('a quick run measures every contestant, and finds as many numbers as were answered', () => {
  const { output, report } = run<Report>('numbers')
  const { rest, inProcess, audit, settings } = report
  expect(settings.quick).toBe(true)
  expect(rest.length).toBeGreaterThanOrEqual(9)
  for (const { rounds } of rest) {
    expect(rounds).toHaveLength(1)
    expect(rounds[0]).toMatchObject({ failures: 0 })
    expect(rounds[0]!.requests).toBeGreaterThan(0)
  }
  expect(rest.map(({ name }) => name)).toContain('grpc')
  // What is issued in the turns comes on top.
  expect(audit.verify.rows).toBeGreaterThan(settings.past)
  expect(audit.export.rows).toBe(audit.verify.rows)
  expect(audit.export.megabytes).toBeGreaterThan(1)
  expect(inProcess.grouped[0]!.perSecond).toBeGreaterThan(0)
  expect(output).toContain('Aimed for')
}, 120_000)

test('a quick run places orders over every path, delivers events and reads lists', () => {
  const { output, report } = run<OrderReport>('orders,events,lists')
  const { orders, events, lists, settings } = report
  expect(settings.quick).toBe(true)
  expect(orders!.map(({ name, connections }) => `${name} ${connections}`)).toEqual(
    ['as_run', 'single', 'no_keep_alive', 'neither'].flatMap((name) =>
      [1, 16, 64].map((connections) => `${name} ${connections}`),
    ),
  )
  for (const { rounds } of [...orders!, ...lists!.pages]) {
    expect(rounds).toHaveLength(1)
    expect(rounds[0]).toMatchObject({ failures: 0 })
    expect(rounds[0]!.requests).toBeGreaterThan(0)
  }
  expect(events!.transports.length + events!.notMeasured.length).toBe(2)
  for (const { perSecond } of events!.transports) expect(perSecond[0]).toBeGreaterThan(0)
  expect(lists!.pages.length + lists!.notMeasured.length).toBe(4)
  for (const title of ['Placing orders', 'Events through the outbox', 'Listing'])
    expect(output).toContain(title)
}, 120_000)

test('a part that does not exist is refused, with those that do', () => {
  const { status, stderr } = spawnSync(process.execPath, [program, '--only=order'], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([
    1,
    'There is no order; there are numbers, orders, events, lists, starvation\n',
  ])
})

function run<Saved>(only: string): { output: string; report: Saved } {
  const output = execFileSync(process.execPath, [program, '--quick', `--only=${only}`], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [, file] = /All rounds: (.*)/.exec(output)!
  return { output, report: JSON.parse(readFileSync(join(root, file!), 'utf8')) as Saved }
}
