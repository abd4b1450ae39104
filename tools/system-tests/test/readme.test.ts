import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const root = join(__dirname, '../../..')

interface Step {
  command: string
  /** What the README shows as its answer. */
  answer: string | undefined
}

// The commands that are run elsewhere: this very test is part of the one, and the other takes minutes.
const notHere = ['make test', 'make bench']

let clone: string
let stack: ChildProcess | undefined
let printed = ''

beforeAll(async () => {
  for (const port of [8081, 8082, 8083]) {
    if (await isTaken(port))
      throw new Error(`Port ${port} is taken: the README's own ports must be free for this test`)
  }
  clone = copyRepository()
})
afterAll(async () => {
  if (stack?.exitCode === null && stack.signalCode === null) {
    process.kill(-stack.pid!, 'SIGINT')
    await once(stack, 'exit')
  }
  rmSync(clone, { recursive: true, force: true })
})

test('every command of the README does what it says, as printed', async () => {
  const steps = stepsOf(readFileSync(join(root, 'README.md'), 'utf8'))
  expect(steps.length).toBeGreaterThan(5)
  for (const { command, answer } of steps) {
    if (notHere.includes(command)) run(`make -n ${command.slice(5)}`)
    else if (command === 'make run') await start()
    else {
      const given = run(command)
      if (answer !== undefined)
        expect({ command, answer: normal(given) }).toEqual({ command, answer: normal(answer) })
    }
  }
})

test('the calls that make run prints work as printed', () => {
  const [, shown = ''] = /Try it:.*?\n\n([\s\S]*)/.exec(printed) ?? []
  const commands = shown.split(/\n\n+/).filter((text) => text.trim().startsWith('curl'))
  expect(commands).toHaveLength(3)
  for (const command of commands) expect(JSON.parse(run(command))).not.toHaveProperty('code')
})

test('a second make run says why it cannot start', () => {
  expect(() => run('make run')).toThrow(/already|taken/)
})

test('after a kill -9 of everything make run goes on where it was', async () => {
  const before = JSON.parse(run('curl -s localhost:8083/api/v1/next/SG')) as { counter: number }
  process.kill(-stack!.pid!, 'SIGKILL')
  await start()
  const after = JSON.parse(run('curl -s localhost:8083/api/v1/next/SG')) as { counter: number }
  expect(after.counter).toBe(before.counter + 1)
})

test('Ctrl-C stops everything', async () => {
  process.kill(-stack!.pid!, 'SIGINT')
  await once(stack!, 'exit')
  expect(printed).toContain('services and PostgreSQL stopped')
  for (const port of [8081, 8082, 8083]) expect(await isTaken(port)).toBe(false)
})

/** The shell blocks in their order, each with the JSON block that follows it at once. */
function stepsOf(markdown: string): Step[] {
  const blocks = [...markdown.matchAll(/```(sh|json)\n([\s\S]*?)```/g)].map(([, kind, text]) => ({
    kind,
    text: text!.trim(),
  }))
  return blocks.flatMap(({ kind, text }, index) => {
    if (kind !== 'sh') return []
    const next = blocks[index + 1]
    return [{ command: text, answer: next?.kind === 'json' ? next.text : undefined }]
  })
}

/** The repository as a stranger would have it, with the packages that are installed here. */
function copyRepository(): string {
  const copy = mkdtempSync(join(tmpdir(), 'ordinal-readme-'))
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  for (const file of files.trim().split('\n')) {
    // Git still knows a file that was deleted a moment ago.
    if (!existsSync(join(root, file))) continue
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    cpSync(join(root, file), join(copy, file))
  }
  execFileSync('cp', ['-a', join(root, 'node_modules'), copy])
  execFileSync('touch', [join(copy, 'node_modules/.package-lock.json')])
  return copy
}

const run = (command: string) =>
  execFileSync('bash', ['-c', command], {
    cwd: clone,
    encoding: 'utf8',
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** As in a shell: what the tests have set is not for the services. */
const environment = () => ({ PATH: process.env.PATH, HOME: process.env.HOME, NX_DAEMON: 'false' })

async function start(): Promise<void> {
  printed = ''
  // A group of its own, as a terminal gives it: Ctrl-C reaches all of it.
  const started = spawn('make', ['run'], { cwd: clone, env: environment(), detached: true })
  stack = started
  const running = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      printed += String(chunk)
      if (printed.includes('Ordinal runs') && printed.includes('next/SG')) resolve()
    }
    started.stdout.on('data', read)
    started.stderr.on('data', read)
    started.once('exit', () => reject(new Error(`make run has ended:\n${printed}`)))
  })
  await running
}

/** JSON without what differs from run to run: times, references, and the year of numbers. */
function normal(text: string): unknown {
  const value: unknown = JSON.parse(text)
  return JSON.parse(
    JSON.stringify(value)
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID')
      .replaceAll(/ORD-\d{4}-/g, 'ORD-YEAR-'),
  )
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
