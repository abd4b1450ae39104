import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createTestDatabase, isAlive, startProgram, until, type TestDatabase } from '@ordinal/testing'
import { watchBackends } from './backends'

let database: TestDatabase
let folder: string
let program: ReturnType<typeof startProgram>
let url: string

beforeAll(async () => {
  database = await createTestDatabase()
  // Far from any node_modules, as it runs in production.
  folder = mkdtempSync(path.join(tmpdir(), 'ordinal-bundle-'))
  execFileSync(process.execPath, ['../../tools/build/src/bundle.mjs', folder], {
    cwd: path.join(__dirname, '..'),
  })
  program = startProgram([path.join(folder, 'main.js')], {
    USER_SERVICE_DATABASE_URL: database.url,
    USER_SERVICE_PORT: '0',
    USER_SERVICE_RATE_LIMIT: '0',
    SHUTDOWN_TIMEOUT: '5',
  })
  url = `http://127.0.0.1:${await program.port()}`
})
afterAll(async () => {
  program.child.kill('SIGTERM')
  const { code } = await program.ended()
  await database.drop()
  rmSync(folder, { recursive: true })
  expect(code).toBe(0)
})

async function ask(path: string, body?: unknown): Promise<{ status: number; text: string }> {
  const init = body && {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }
  const response = await fetch(url + path, init || {})
  return { status: response.status, text: await response.text() }
}

/** How many bytes the service has read so far; 0 where the system does not say. */
function bytesRead(): number {
  const counters = `/proc/${program.child.pid}/io`
  return existsSync(counters) ? Number(/rchar: (\d+)/.exec(readFileSync(counters, 'utf8'))![1]) : 0
}

/** Resident memory of the service, in MB. */
const residentMb = () =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(program.child.pid)]).toString()) / 1024

test('an idle service is resident with less than 120 MB', async () => {
  // On a busy machine its start takes its time.
  for (let seconds = 0; seconds < 3 || (seconds < 60 && residentMb() >= 120); seconds++) await delay(1_000)
  expect(residentMb()).toBeLessThan(120)
  expect(residentMb()).toBeGreaterThan(20)
})

test('and so it is again when some hundred requests are done', async () => {
  for (let i = 0; i < 300; i++) {
    const { status, text } = await ask('/api/v1/users', {
      email: `user${i}@example.com`,
      name: 'User',
      age: 30,
    })
    expect(status).toBe(201)
    const { id } = JSON.parse(text) as { id: number }
    expect((await ask(`/api/v1/users/${id}`)).status).toBe(200)
  }
  expect((await ask('/openapi.json')).status).toBe(200)
  // V8 gives back what the requests needed when it has seen that no more come: after 20 s, at times after 40.
  for (let seconds = 0; seconds < 110 && residentMb() >= 120; seconds++) await delay(1_000)
  expect(residentMb()).toBeLessThan(120)
})

test('the migrations and the files of /docs come with the bundle', async () => {
  expect((await ask('/api/v1/users')).status).toBe(200)
  for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js']) {
    const { status, text } = await ask(`/docs/files/${file}`)
    expect(status).toBe(200)
    expect(text.length).toBeGreaterThan(100_000)
  }
})

test('backends that are killed in mid-request do not end the process, and their errors read no source', async () => {
  const backends = await watchBackends(database)
  await backends.holdUsers()
  const waiting: ReturnType<typeof ask>[] = []
  // One after the other: those that come at the same moment share a statement.
  for (let n = 1; n <= 5; n += 1) {
    waiting.push(ask('/api/v1/users/1'))
    await until(async () => (await backends.waiting()) === n)
  }
  const readBefore = bytesRead()
  expect(await backends.kill()).toBeGreaterThanOrEqual(5)
  const statuses = (await Promise.all(waiting)).map(({ status }) => status)
  const read = bytesRead() - readBefore
  await backends.release()
  await backends.end()

  expect(statuses).toEqual(Array<number>(5).fill(503))
  expect(read).toBeLessThan(statSync(path.join(folder, 'main.js')).size)
  expect((await ask('/api/v1/users')).status).toBe(200)
  expect(isAlive(program.child.pid!)).toBe(true)
})
