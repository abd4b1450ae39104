import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createTestDatabase, startProgram, until, type TestDatabase } from '@ordinal/testing'
import { buildService } from './service-program'

// As many as the service is said to bear: FLOOD_CONNECTIONS=10000, by hand.
const count = Number(process.env.FLOOD_CONNECTIONS ?? 40)
const waitMs = 60_000

let database: TestDatabase
let service: ReturnType<typeof buildService>
let program: ReturnType<typeof startProgram>
let port: number
let flooder: ChildProcess | undefined

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
  flooder?.kill('SIGKILL')
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
/** NaN while the flood has used up what one address may ask for. */
const inFlight = async () =>
  Number(/fake_service_requests_in_flight (\d+)/.exec(await (await ask('/metrics')).text())?.[1])

/** Opens connections, from a process of its own, that send this and read nothing. */
async function flood(request: string, times: number): Promise<void> {
  const args = [
    path.join(__dirname, 'fixtures/flood.js'),
    String(port),
    String(count),
    request,
    String(times),
  ]
  flooder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(flooder.stdout!, 'data')
}

const get = (path: string, method = 'GET') => `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`

test.each<[string, string, number?]>([
  ['pipelined files of /docs', get('/docs/files/swagger-ui-bundle.js'), 200],
  ['pipelined documents', get('/openapi.json'), 200],
  ['pipelined metrics', get('/metrics'), 200],
  ['pipelined answers', get('/api/v1/things/7'), 200],
  ['pipelined HEAD', get('/metrics', 'HEAD'), 200],
  ['pipelined unknown paths', get('/nowhere'), 200],
  ['streams', get('/api/v1/streams/endless')],
  ['connections that stay open', get('/api/v1/things/7')],
  ['connections that say nothing', ''],
  [
    'requests to upgrade',
    get('/api/v1/things/7').replace('\r\n\r\n', '\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
    200,
  ],
  ['slow heads', 'GET / HTTP/1.1\r\nHost:'],
  [
    'slow chunks',
    'POST /api/v1/things HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n',
  ],
  ['slow bodies', 'POST /api/v1/things HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{'],
])('a flood of %s that nobody reads leaves nothing behind', async (name, request, times = 1) => {
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
  await flood(request, times)
  await delay(3_000)
  flooding = false
  await others
  flooder?.kill('SIGKILL')
  await until(async () => (await inFlight()) === 1, waitMs)
  await until(() => descriptors() <= before.descriptors + 2, waitMs)
  // A small flood leaves what V8 collects at its next need.
  if (process.env.FLOOD_CONNECTIONS) await until(() => megabytes() < before.megabytes + 50, waitMs)
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
})
