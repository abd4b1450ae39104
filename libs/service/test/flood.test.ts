import { copyFileSync, readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createTestDatabase, startProgram, until, type TestDatabase } from '@ordinal/testing'
import { buildService } from './service-program'

// As many as the service is said to bear: FLOOD_CONNECTIONS=10000, by hand.
const count = Number(process.env.FLOOD_CONNECTIONS ?? 40)
const waitMs = count > 1_000 ? 60_000 : 10_000

let database: TestDatabase
let service: ReturnType<typeof buildService>
let program: ReturnType<typeof startProgram>
let port: number
let clients: Socket[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  service = buildService()
  const file = 'swagger-ui-bundle.js'
  const from = path.dirname(require.resolve('swagger-ui-dist/package.json'))
  copyFileSync(path.join(from, file), path.join(service.folder, 'docs', file))
})
beforeEach(async () => {
  program = startProgram([service.program], {
    FAKE_DATABASE_URL: database.url,
    FAKE_PORT: '0',
    UNREAD_TIMEOUT: '2',
  })
  port = await program.port()
})
afterEach(async () => {
  for (const socket of clients) socket.destroy()
  program.child.kill('SIGKILL')
  await program.ended()
})
afterAll(async () => {
  service.remove()
  await database.drop()
})

const processFile = (name: string) => `/proc/${program.child.pid}/${name}`
const megabytes = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(processFile('status'), 'utf8'))![1]) / 1024
const descriptors = () => readdirSync(processFile('fd')).length
const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } })
const inFlight = async () =>
  Number(/fake_service_requests_in_flight (\d+)/.exec(await (await ask('/metrics')).text())![1])

/** Opens connections, a few hundred at a time, that send this and read nothing. */
async function flood(request: string): Promise<void> {
  for (let opened = 0; opened < count; opened += 1) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {}).pause()
    clients.push(socket)
    socket.once('connect', () => socket.write(request))
    if (opened % 200 === 199) await delay(20)
  }
}

const get = (path: string, method = 'GET') => `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`

test.each<[string, string]>([
  ['pipelined files of /docs', get('/docs/files/swagger-ui-bundle.js').repeat(200)],
  ['pipelined documents', get('/openapi.json').repeat(200)],
  ['pipelined metrics', get('/metrics').repeat(200)],
  ['pipelined answers', get('/api/v1/things/7').repeat(200)],
  ['pipelined HEAD', get('/metrics', 'HEAD').repeat(200)],
  ['pipelined unknown paths', get('/nowhere').repeat(200)],
  ['streams', get('/api/v1/streams/endless')],
  ['slow heads', 'GET / HTTP/1.1\r\nHost:'],
  ['slow bodies', 'POST /api/v1/things HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{'],
])(
  'a flood of %s that nobody reads leaves nothing behind',
  async (name, request) => {
    await Promise.all(Array.from({ length: 50 }, () => ask('/api/v1/things/7').then((r) => r.text())))
    const before = { megabytes: megabytes(), descriptors: descriptors() }
    const took: number[] = []
    let most = 0
    let flooding = true
    const others = (async () => {
      while (flooding) {
        const started = performance.now()
        await (await ask('/api/v1/things/7')).text()
        took.push(performance.now() - started)
        most = Math.max(most, megabytes())
        await delay(20)
      }
    })()
    await flood(request)
    await delay(3_000)
    flooding = false
    await others
    for (const socket of clients) socket.destroy()
    clients = []
    await until(async () => (await inFlight()) === 1, waitMs)
    await until(() => descriptors() <= before.descriptors + 2, waitMs)
    const after = { megabytes: megabytes(), descriptors: descriptors(), inFlight: await inFlight() }
    took.sort((one, other) => one - other)
    const p99 = took[Math.floor(took.length * 0.99)]!
    const stopped = performance.now()
    program.child.kill('SIGTERM')
    expect((await program.ended()).code).toBe(0)
    if (process.env.FLOOD_CONNECTIONS)
      process.stderr.write(
        `${name}: ${before.megabytes.toFixed()} MB, at most ${most.toFixed()}, after ${after.megabytes.toFixed()}; descriptors ${before.descriptors} to ${after.descriptors}; p99 ${p99.toFixed()} ms; stop ${(performance.now() - stopped).toFixed()} ms\n`,
      )
    expect(after.inFlight).toBe(1)
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + 2)
  },
  180_000,
)
