import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import { freePort, readProfile, until, type Frame } from '@ordinal/testing'
import { createDatabase, type ServiceDatabase } from '../src/databases'
import { idleResidentMb, onLinux, peakResidentMb } from './memory'
import { createService, root, type ServiceProcess } from '../src/service'

let folder: string
let database: ServiceDatabase
let service: ServiceProcess
let debug: string

beforeAll(async () => {
  // Away from any node_modules, as in an image.
  folder = await realpath(await mkdtemp(join(tmpdir(), 'ordinal-profiles-')))
  await cp(join(root, 'dist/apps/sequencer'), folder, { recursive: true })
  database = await createDatabase('sequencer')
  const debugPort = await freePort()
  debug = `http://127.0.0.1:${debugPort}/debug/pprof`
  const environment = {
    ...database.environment,
    SEQUENCER_DEBUG_PORT: String(debugPort),
    NODE_OPTIONS: `--require ${join(__dirname, 'report-loaded.js')}`,
  }
  service = await createService('sequencer', environment, folder)
  await service.start()
})
afterAll(async () => {
  await service.remove()
  await database.drop()
  await rm(folder, { recursive: true })
})

const load = (seconds: number) =>
  autocannon({ url: `${service.url}/api/v1/next/SG`, connections: 32, duration: seconds })

async function take(path: string): Promise<Uint8Array> {
  const answer = await fetch(`${debug}/${path}`)
  expect([answer.status, path]).toEqual([200, path])
  return new Uint8Array(await answer.arrayBuffer())
}

/** What of the profiler the process has loaded. */
async function loaded(): Promise<string[]> {
  const { libraries, modules } = await service.report<{ libraries: string[]; modules: string[] }>()
  return [...libraries, ...modules].filter((file) => /pprof|profiler/.test(file))
}

/** The lines of a source of this repository. */
const sourceOf = async (file: string) => (await readFile(join(root, file), 'utf8')).split('\n')

/** Expects each function of our own to be in the source that is told, at the line that is told. */
async function expectTrueSources(frames: Frame[]): Promise<void> {
  const ours = frames.filter(({ file }) => /^(apps|libs)\//.test(file))
  expect(ours.length).toBeGreaterThan(10)
  for (const { name, file, line } of ours) {
    // A constructor is called by the name of its class, a static block by none.
    const parts = name.startsWith('(anonymous')
      ? [/=>|function/]
      : [/class|constructor/, name.split('.').at(-1)!]
    const text = (await sourceOf(file))[line - 1] ?? ''
    const found = parts.some((part) => text.search(part) >= 0)
    expect({ name, file, line, text, found }).toMatchObject({ found: true })
  }
}

test('where there is no profiler for the platform, that is told, and nothing breaks', async () => {
  const [libraries, away] = [join(folder, 'profiler/prebuilds'), join(folder, 'away')]
  await rename(libraries, away)
  const answer = await fetch(`${debug}/profile?seconds=1`)
  expect([answer.status, await answer.json()]).toEqual([
    501,
    expect.objectContaining({
      code: 'profiler_unavailable',
      detail: `No profiler for ${process.platform}-${process.arch} and Node ${process.version}`,
    }),
  ])
  await rename(away, libraries)
  await service.ready()
})

test('nothing of the profiler is loaded until a profile is asked for', async () => {
  await service.end()
  await service.start()
  await load(1)
  expect((await fetch(`${debug}/`)).status).toBe(200)
  expect(await loaded()).toEqual([])

  await take('profile?seconds=1')
  expect(await loaded()).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/profiler\/prebuilds\/.*\.node$/),
      join(folder, 'profiler/out/src/main.js'),
    ]),
  )
})

test('a CPU profile under load names the functions of the allocator, with their source lines', async () => {
  // The first profile of a process that is busy already: V8 has optimized what it is to name.
  await service.end()
  await service.start()
  await load(5)
  const startedAt = performance.now()
  const [profile] = await Promise.all([take('profile?seconds=3').then(readProfile), load(4)])
  const tookSeconds = (performance.now() - startedAt) / 1000
  expect(profile.types).toEqual(['sample', 'wall', 'cpu'])
  expect(profile.seconds).toBeGreaterThan(2.9)
  expect(profile.seconds).toBeLessThan(tookSeconds)
  const cpuSecondsOf = (of: typeof profile) => of.total('cpu') / 1e9
  expect(cpuSecondsOf(profile)).toBeLessThan(profile.seconds * 4)

  // A profile is a sample, which is small where the machine has other work: then more are taken. Which functions V8 sees,
  // and which it has inlined, differs from run to run.
  const frames = [...profile.frames]
  let mostCpuSeconds = cpuSecondsOf(profile)
  const named = () => [...new Set(frames.map(({ name, file }) => `${name} ${file}`))]
  const allocating = () => named().filter((name) => name.includes(' apps/sequencer/src/ledger/'))
  const isEnough = () => mostCpuSeconds > 0.5 && allocating().length >= 5
  for (let taken = 1; taken < 5 && !isEnough(); taken += 1) {
    const [more] = await Promise.all([take('profile?seconds=3').then(readProfile), load(4)])
    frames.push(...more.frames)
    mostCpuSeconds = Math.max(mostCpuSeconds, cpuSecondsOf(more))
  }
  expect(mostCpuSeconds).toBeGreaterThan(0.5)
  expect(allocating().length).toBeGreaterThanOrEqual(5)
  expect(allocating().join('\n')).toContain(' apps/sequencer/src/ledger/allocator.ts')
  expect(named().join('\n')).toMatch(/ node_modules\/pg\/lib\/client\.js/)
  await expectTrueSources(frames)
})

test('a heap profile names what allocates', async () => {
  const files = ({ frames }: { frames: Frame[] }) => frames.map(({ file }) => file)
  let profile: ReturnType<typeof readProfile>
  let taken = 0
  // It has what is in use: a garbage collection just before its end leaves little, and then the next one is taken.
  do {
    ;[profile] = await Promise.all([take('heap?seconds=2').then(readProfile), load(3)])
    taken += 1
  } while (taken < 5 && !files(profile).includes('apps/sequencer/src/ledger/allocator.ts'))
  expect(profile.types).toEqual(['inuse_objects', 'inuse_space'])
  expect(profile.total('inuse_space')).toBeGreaterThan(100_000)
  expect(files(profile)).toContain('apps/sequencer/src/ledger/allocator.ts')
  await expectTrueSources(profile.frames)
})

test('a trace has the garbage collections and the requests of its time', async () => {
  const [trace] = await Promise.all([take('trace?seconds=2'), load(3)])
  const { traceEvents } = JSON.parse(Buffer.from(trace).toString()) as { traceEvents: { name: string }[] }
  const names = new Set(traceEvents.map(({ name }) => name))
  expect([...names]).toEqual(expect.arrayContaining(['V8.GCScavenger', 'http.server.request']))
})

test('a place in the bundle, as stack traces have it, leads to the source', async () => {
  const lines = (await readFile(join(folder, 'main.js'), 'utf8')).split('\n')
  const line = lines.findIndex((text) => text.includes('function issueNumbers('))
  const place = `main.js:${line + 1}:${lines[line]!.indexOf('issueNumbers(') + 1}`
  const source = await sourceOf('apps/sequencer/src/ledger/statements.ts')
  const sourceLine = source.findIndex((text) => text.includes('function issueNumbers(')) + 1
  const expected = `num_symbols: 1\n${place} apps/sequencer/src/ledger/statements.ts:${sourceLine}\n`

  expect(await (await fetch(`${debug}/symbol?${place}`)).text()).toBe(expected)
  const posted = await fetch(`${debug}/symbol`, { method: 'POST', body: `0x4a5b+${place}+main.js:9999999:1` })
  expect(await posted.text()).toBe(expected)
})

onLinux('profiles leave little behind in memory', async () => {
  await load(2)
  const before = await idleResidentMb(service.pid())
  for (const path of ['profile', 'heap', 'profile', 'heap']) {
    await Promise.all([take(`${path}?seconds=1`), load(2)])
  }
  const after = await idleResidentMb(service.pid())
  expect(after - before).toBeLessThan(100)
  expect(await peakResidentMb(service.pid())).toBeLessThan(500)
})

describe('make', () => {
  // What the Makefile reads.
  const read = ['services.json', 'tools/build/src/services.mjs', 'tools/build/src/debug-port.mjs']
  beforeAll(() => Promise.all(read.map((file) => cp(join(root, file), join(folder, file)))))

  /** Runs a target of the Makefile in a folder of its own; gives how it ends and what it prints. */
  async function make(target: string, ...settings: string[]) {
    const child = spawn('make', ['-s', '-f', join(root, 'Makefile'), target, ...settings], {
      cwd: folder,
      // bash takes a socket as its input for a remote shell, and reads the settings of the account.
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: `${join(folder, 'bin')}:${process.env.PATH}` },
    })
    let printed = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (printed += String(chunk)))
    const [code] = (await once(child, 'close')) as [number]
    return { code, lines: printed.trim().split('\n') }
  }

  test('pprof-web without a profile says how to take one', async () => {
    const { code, lines } = await make('pprof-web')
    expect([code, lines[0]]).toEqual([2, 'There is no profile yet: make pprof-cpu takes one'])
  })

  test('pprof-cpu and pprof-heap save a profile, and pprof-web shows the last one', async () => {
    // Stands for Go, which would open a browser.
    await mkdir(join(folder, 'bin'))
    await writeFile(join(folder, 'bin/go'), '#!/bin/sh\necho go "$@"\n', { mode: 0o755 })
    const settings = [`DEBUG_URL=${new URL(debug).origin}`, 'SECONDS=1']
    for (const [target, kind, type] of [
      ['pprof-cpu', 'cpu', 'cpu'],
      ['pprof-heap', 'heap', 'inuse_space'],
    ] as const) {
      const { code, lines } = await make(target, ...settings)
      expect([code, lines]).toEqual([
        0,
        [
          'Looking at sequencer for 1 s.',
          expect.stringMatching(new RegExp(`^profiles/sequencer-${kind}-[0-9-]+\\.pb\\.gz$`)),
        ],
      ])
      expect(readProfile(await readFile(join(folder, lines[1]!))).types).toContain(type)
    }
    const { lines } = await make('pprof-web')
    expect(lines).toEqual([
      expect.stringMatching(/^go tool pprof -http=127\.0\.0\.1: profiles\/sequencer-heap-/),
    ])
  })

  test('what stands in the way of a profile is told, and nothing is saved', async () => {
    const away = await make('pprof-cpu', 'DEBUG_URL=http://127.0.0.1:1')
    expect(away.code).toBe(2)
    expect(away.lines.join('\n')).toContain('No debug listener at http://127.0.0.1:1')
    const tooLong = await make('pprof-cpu', `DEBUG_URL=${new URL(debug).origin}`, 'SECONDS=61')
    expect(tooLong.code).toBe(2)
    expect(tooLong.lines.join('\n')).toContain('must be a whole number from 1 to 60')
    expect(await readdir(join(folder, 'profiles'))).toHaveLength(2)
    const nobody = await make('pprof-cpu', 'SERVICE=nobody')
    expect(nobody.lines[0]).toBe('There is no nobody: SERVICE is one of user-service order-service sequencer')
  })

  test('the port of the debug listener is taken from .env', async () => {
    await writeFile(join(folder, '.env'), `SEQUENCER_DEBUG_PORT=${new URL(debug).port}\n`)
    const { code, lines } = await make('pprof-cpu', 'SECONDS=1')
    await rm(join(folder, '.env'))
    expect([code, lines]).toEqual([
      0,
      ['Looking at sequencer for 1 s.', expect.stringMatching(/^profiles\//)],
    ])
  })
})

test('a profile under way does not hold up the end, and is answered with what there is', async () => {
  const startedAt = performance.now()
  const answering = take('profile?seconds=60')
  // It came first, and is under way when a second one is refused.
  await until(async () => (await fetch(`${debug}/heap?seconds=1`)).status === 409)
  await load(1)
  expect(await service.end()).toBe(0)
  const { seconds } = readProfile(await answering)
  const tookSeconds = (performance.now() - startedAt) / 1000
  expect(tookSeconds).toBeLessThan(30)
  expect(seconds).toBeGreaterThan(0.3)
  expect(seconds).toBeLessThan(tookSeconds)
})
