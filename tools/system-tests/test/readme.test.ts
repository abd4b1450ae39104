import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { removeEmbeddedPostgres } from '@ordinal/embedded-postgres'
import {
  comparable,
  comparableText,
  isFree,
  patternOf,
  stepsOf,
  targetsNotRunHere,
  type Step,
} from '@ordinal/testing'
import { makeRunThatFails, runInShell, startMakeRun, type RunningStack } from './make-run'
import { copyRepository, removeCopy } from '../src/repository-copy'
import { openShell, type Shell } from './shell'
import { root } from '../src/service'
import { choosePorts, type StackPorts } from './stack-ports'

const stepsIn = (page: string) => stepsOf(readFileSync(join(root, page), 'utf8'))
const steps = stepsIn('README.md')
// Each of them begins on a new stack.
const pages = ['docs/api.md', 'docs/sequencer.md', 'docs/audit.md'].map((page) => ({
  page,
  steps: stepsIn(page).map((step) => ({ ...step, title: titleOf(step.command) })),
}))

let copy: string
let ports: StackPorts
let stack: RunningStack | undefined
beforeAll(async () => {
  copy = copyRepository()
  ports = await choosePorts(copy)
})
afterAll(async () => {
  await stack?.end('SIGINT')
  await removeEmbeddedPostgres(join(copy, '.data/postgres'))
  removeCopy(copy)
})

function expectAnswer(printed: string, { answer, text }: Pick<Step, 'answer' | 'text'>): void {
  if (answer !== undefined) expect(comparable(printed)).toEqual(comparable(ports.here(answer)))
  if (text !== undefined) expect(comparableText(printed)).toMatch(patternOf(ports.here(text)))
}

const json = (command: string) => JSON.parse(runInShell(ports.here(command), copy)) as Record<string, unknown>
const nextNumber = () => json('curl -s -X POST localhost:8083/api/v1/next/PO').counter as number
const complaints = (lines: string[]) =>
  lines.filter((line) => !line.startsWith('make') && line !== 'Building.')

test('npm ci accepts the lock file', () => {
  // Offline, and with nothing done, it still compares the lock file with what every project needs.
  expect(runInShell('npm ci --dry-run --offline --loglevel=error 2>&1', copy)).toMatch(
    /added|changed|up to date/,
  )
})

describe('the README, as printed', () => {
  test('it has make run, and calls with their answers', () => {
    expect(steps.map(({ command }) => command)).toContain('make run')
    expect(steps.filter(({ answer }) => answer).length).toBeGreaterThan(3)
  })

  test.each(steps.map((step) => [titleOf(step.command), step] as const))(
    '%s',
    async (_, { command, ...shown }) => {
      const targets = targetsNotRunHere(command)
      if (targets) return targets.forEach((target) => runInShell(`make -n ${target}`, copy))
      if (command === 'make run') return void (stack = await startMakeRun(copy))
      expectAnswer(runInShell(ports.here(command), copy), shown)
    },
  )
})

describe('make run', () => {
  test('the calls that it prints work as printed', () => {
    const calls = stack!.log().match(/^ {2}curl (.*\\\n)*.*$/gm)!
    expect(calls).toHaveLength(3)
    const [user, order, number] = calls.map((call) => json(call.replace('curl', 'curl -sf')))
    expect(user).toHaveProperty('email')
    expect(order).toMatchObject({ order_number: expect.stringMatching(/^ORD-/) })
    expect(number).toHaveProperty('full_number')
  })

  test('a second one in the same folder says in a line why it does not start', () => {
    const told = complaints(makeRunThatFails(copy)).filter((line) => !line.startsWith('✓'))
    expect(told).toEqual([expect.stringMatching(/^✗ Ordinal already runs from this folder/)])
    expect(stack!.isRunning()).toBe(true)
  })

  test('after a kill -9 it goes on where it was', async () => {
    const before = nextNumber()
    await stack!.end('SIGKILL')
    stack = await startMakeRun(copy)
    expect(nextNumber()).toBe(before + 1)
  })

  test('Ctrl-C stops everything', async () => {
    await stack!.end('SIGINT')
    expect(stack!.log()).toContain('services and PostgreSQL stopped')
    expect(await Promise.all(ports.all.map(isFree))).toEqual(ports.all.map(() => true))
    expect(existsSync(join(copy, '.data/postgres/cluster/postmaster.pid'))).toBe(false)
  })

  test('a port that is taken is told in a line that names its variable', async () => {
    const other = createServer().listen(ports.of(8082))
    await once(other, 'listening')
    const told = complaints(makeRunThatFails(copy)).filter((line) => !line.startsWith('✓'))
    await once(other.close(), 'close')
    expect(told).toEqual([
      expect.stringMatching(new RegExp(`^✗ Port ${ports.of(8082)} is taken .* set ORDER_SERVICE_PORT`)),
    ])
  })
})

describe.each(pages)('$page, as printed', ({ steps }) => {
  let shell: Shell
  beforeAll(async () => {
    await stack?.end('SIGINT')
    await removeEmbeddedPostgres(join(copy, '.data/postgres'))
    rmSync(join(copy, '.data'), { recursive: true, force: true })
    stack = await startMakeRun(copy)
    shell = openShell(copy)
  })
  afterAll(() => shell.close())

  test('it has calls with their answers', () => {
    expect(steps.filter(({ answer }) => answer).length).toBeGreaterThan(3)
  })

  test.each(steps)('$title', async ({ command, ...shown }) =>
    expectAnswer(await shell.run(ports.here(command)), shown),
  )
})

function titleOf(command: string): string {
  return command.replaceAll(/\s*\\\n\s*/g, ' ')
}
