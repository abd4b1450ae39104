import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ask, eventually } from '../src/calls'
import { root } from '../src/service'
import { apiKey, startSystem, type System } from '../src/system'

const program = join(root, 'packages/cli/dist/main.js')
const ending = /"type":"end"[^\n]*\n$/

let system: System
let folder: string
beforeAll(async () => {
  system = await startSystem()
  await ask(system.sequencer, 'POST', '/api/v1/next/SG', { count: 5 })
})
afterAll(() => system.stop())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ordinal-export-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const environment = (sequencerUrl: string) => ({
  PATH: process.env.PATH,
  HOME: folder,
  ORDINAL_SEQUENCER_URL: sequencerUrl,
  ORDINAL_API_KEY: apiKey,
})
/** Runs `ordinal export` as a shell does. */
function exportTo(file: string, { sequencerUrl = system.sequencer.url, args = [] as string[] } = {}) {
  const options = { env: environment(sequencerUrl), cwd: folder }
  return new Promise<{ code: number; out: string; err: string }>((resolve) =>
    execFile(process.execPath, [program, 'export', file, ...args], options, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    ),
  )
}
const path = (name: string) => join(folder, name)
const modeOf = (name: string) => (statSync(path(name)).mode & 0o777).toString(8)
const parts = () => readdirSync(folder).filter((name) => name.endsWith('.part'))

/** A sequencer that gives the first line of an export, and waits with the rest until it is told. */
async function haltingSequencer() {
  const halted: (() => void)[] = []
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url!)
    void fetch(system.sequencer.url + request.url!, { headers: { 'X-API-Key': apiKey } }).then(
      async (answer) => {
        const body = await answer.text()
        response.writeHead(200, { 'Content-Type': answer.headers.get('content-type')! })
        const first = body.indexOf('\n') + 1
        response.write(body.slice(0, first))
        halted.push(() => response.end(body.slice(first)))
      },
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    halted,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

test('a pipe is written into, also through a link, and stays what it is', async () => {
  execFileSync('mkfifo', [path('pipe')])
  symlinkSync('pipe', path('link'))
  for (const name of ['pipe', 'link']) {
    const reader = spawn('cat', [path('pipe')])
    let read = ''
    reader.stdout.on('data', (piece) => (read += String(piece)))
    const ended = once(reader, 'close')
    expect(await exportTo(name)).toMatchObject({ code: 0 })
    await ended
    expect(read).toMatch(ending)
  }
  expect(lstatSync(path('pipe')).isFIFO()).toBe(true)
  expect(lstatSync(path('link')).isSymbolicLink()).toBe(true)
  expect(parts()).toEqual([])
})

test('where a link leads to a file, that file is replaced; a link to nothing and a directory are refused first', async () => {
  writeFileSync(path('real'), 'old')
  symlinkSync('real', path('link'))
  expect(await exportTo('link')).toMatchObject({ code: 0 })
  expect(lstatSync(path('link')).isSymbolicLink()).toBe(true)
  expect(readFileSync(path('real'), 'utf8')).toMatch(ending)

  symlinkSync('nowhere', path('dangling'))
  const sequencer = await haltingSequencer()
  const refused = { sequencerUrl: sequencer.url }
  expect(await exportTo('dangling', refused)).toMatchObject({
    code: 2,
    err: expect.stringContaining('a link to'),
  })
  expect(await exportTo(folder, refused)).toMatchObject({
    code: 2,
    err: expect.stringContaining('a directory'),
  })
  sequencer.close()
  expect(sequencer.requests).toEqual([])
  expect(parts()).toEqual([])
})

test('a file keeps its mode and its owner, and a new one is its owner’s only', async () => {
  writeFileSync(path('private'), '')
  chmodSync(path('private'), 0o600)
  writeFileSync(path('shared'), '')
  chmodSync(path('shared'), 0o664)
  // Only root may give a file away.
  const uid = process.getuid!() === 0 ? 12345 : process.getuid!()
  chownSync(path('shared'), uid, process.getgid!())
  for (const name of ['private', 'shared', 'new']) expect(await exportTo(name)).toMatchObject({ code: 0 })
  expect(['private', 'shared', 'new'].map(modeOf)).toEqual(['600', '664', '600'])
  expect(statSync(path('shared')).uid).toBe(uid)
})

test('two exports to one file are two wholes: each has a part of its own that nobody else may read', async () => {
  const sequencer = await haltingSequencer()
  const both = [1, 2].map(() => exportTo('file', { sequencerUrl: sequencer.url }))
  await eventually(parts, ({ length }) => length === 2)
  await eventually(
    () => sequencer.halted.length,
    (count) => count === 2,
  )
  expect(parts().map(modeOf)).toEqual(['600', '600'])
  for (const goOn of sequencer.halted) goOn()
  expect((await Promise.all(both)).map(({ code }) => code)).toEqual([0, 0])
  sequencer.close()
  expect(readFileSync(path('file'), 'utf8')).toMatch(ending)
  expect(readdirSync(folder)).toEqual(['file'])
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s in the middle leaves no part', async (signal) => {
  const sequencer = await haltingSequencer()
  const options = { env: environment(sequencer.url), cwd: folder }
  const exporting = spawn(process.execPath, [program, 'export', 'file'], options)
  const ended = once(exporting, 'close')
  await eventually(
    () => sequencer.halted.length,
    (count) => count === 1,
  )
  await eventually(parts, ({ length }) => length === 1)
  exporting.kill(signal)
  expect(await ended).toEqual([null, signal])
  sequencer.close()
  expect(readdirSync(folder)).toEqual([])
})

test('a disk that is full leaves no part, and is not tried again', async () => {
  // A file may have 512 bytes: what is written beyond ends as on a full disk.
  const shell = spawn('sh', ['-c', `ulimit -f 1; exec "$0" "$1" export file`, process.execPath, program], {
    env: environment(system.sequencer.url),
    cwd: folder,
  })
  let err = ''
  shell.stderr.on('data', (piece) => (err += String(piece)))
  expect(await once(shell, 'close')).toEqual([2, null])
  expect(err).toMatch(/^EFBIG[^\n]*\n$/)
  expect(readdirSync(folder)).toEqual([])
})
