import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createTestDatabase, ownPort, readProfile, until, type TestDatabase } from '@ordinal/testing'
import { slow as underWay } from './fake-routes'
import { startFakeService } from './fake-service'
import { openSocket } from './raw-socket'

let database: TestDatabase
let fake: Awaited<ReturnType<typeof startFakeService>>
let debug: string

beforeAll(async () => {
  database = await createTestDatabase()
  ;({ fake, debug } = await startWithDebug())
})
afterAll(async () => {
  await fake.service.stop()
  await database.drop()
})

async function startWithDebug(settings: Parameters<typeof startFakeService>[1] = {}) {
  const fake = await startFakeService(database.url, { debugPort: 0, ...settings })
  await until(() => fake.logged.of('debug listener').length > 0)
  const [{ port, address } = {}] = fake.logged.of('debug listener')
  return { fake, debug: `http://127.0.0.1:${String(port)}`, port: Number(port), address }
}

const ask = async (path: string, init?: RequestInit) => {
  const answer = await fetch(debug + path, init)
  return { status: answer.status, headers: answer.headers, body: new Uint8Array(await answer.arrayBuffer()) }
}
const text = (body: Uint8Array) => Buffer.from(body).toString()
const problem = (body: Uint8Array) => JSON.parse(text(body)) as Record<string, unknown>

test('liveness and readiness are those of the service, and are not logged', async () => {
  const before = fake.logged.of('request').length
  const live = await ask('/debug/liveness')
  expect([live.status, problem(live.body)]).toEqual([200, { status: 'ok' }])
  const ready = await ask('/debug/readiness')
  expect([ready.status, problem(ready.body)]).toEqual([
    200,
    expect.objectContaining({ status: 'ok', service: 'fake-service', checks: { database: 'up' } }),
  ])
  expect(fake.logged.of('request')).toHaveLength(before)
})

test('the index shows all that there is, and each link leads somewhere', async () => {
  const { status, headers, body } = await ask('/debug/pprof/')
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  expect((await ask('/debug/pprof')).body).toEqual(body)
  const links = [...text(body).matchAll(/href="(\/[^"]+)"/g)].map(([, link]) => link!)
  expect(links.map((link) => link.split('?')[0])).toEqual([
    '/debug/pprof/profile',
    '/debug/pprof/heap',
    '/debug/pprof/trace',
    '/debug/pprof/cmdline',
    '/debug/pprof/symbol',
    '/debug/readiness',
    '/debug/liveness',
  ])
  for (const link of links) {
    const { status } = await ask(link.replace(/seconds=\d+/, 'seconds=1'))
    expect([status, link]).toEqual([200, link])
  }
})

test('cmdline has the arguments of the process, separated by NUL', async () => {
  const { body } = await ask('/debug/pprof/cmdline')
  expect(text(body).split('\0')).toEqual([process.execPath, ...process.execArgv, ...process.argv.slice(1)])
})

test('symbol says that it knows no places, where there is no source map', async () => {
  expect(text((await ask('/debug/pprof/symbol?7:1')).body)).toBe('num_symbols: 0\n')
  const huge = await ask('/debug/pprof/symbol', { method: 'POST', body: '7:1+'.repeat(20_000) })
  expect([huge.status, problem(huge.body).code]).toEqual([413, 'body_too_large'])
})

function spin(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end) Math.sqrt(end)
}

test('a CPU profile names the function that takes the time, and is a file to download', async () => {
  // A machine that is busy with other work may leave the profiler no time, or pause while it spins: then once more.
  let profiled = await profileSpinning()
  const isOdd = () => profiled.spinningSeconds < 0.4 || profiled.spinningSeconds > 0.7
  for (let tries = 1; tries < 20 && isOdd(); tries++) profiled = await profileSpinning()
  const { status, headers, types, seconds, spinningSeconds } = profiled
  expect(status).toBe(200)
  expect(headers.get('content-type')).toBe('application/octet-stream')
  expect(headers.get('content-disposition')).toBe('attachment; filename="cpu.pb.gz"')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(types).toEqual(['sample', 'wall', 'cpu'])
  expect(seconds).toBeGreaterThan(1.95)
  expect(spinningSeconds).toBeGreaterThan(0.4)
  expect(spinningSeconds).toBeLessThan(0.7)
})

/** A profile of two seconds, of which half a second is spent in one function. */
async function profileSpinning() {
  const profiling = ask('/debug/pprof/profile?seconds=2')
  await delay(1_000)
  spin(500)
  const { status, headers, body } = await profiling
  const { types, samples, seconds } = readProfile(body)
  const spinningSeconds =
    samples
      .filter(({ stack }) => stack.some(({ name }) => name === 'spin'))
      .reduce((sum, { values }) => sum + values.wall!, 0) / 1e9
  return { status, headers, types, seconds, spinningSeconds }
}

test('a heap profile names the function that keeps what it allocates', async () => {
  const kept: number[][] = []
  function hoard() {
    for (let i = 0; i < 200; i++) kept.push(Array.from({ length: 10_000 }, () => i))
  }
  async function profileHoarding() {
    const profiling = ask('/debug/pprof/heap?seconds=3')
    await delay(1_000)
    hoard()
    const { samples } = readProfile((await profiling).body)
    return samples
      .filter(({ stack }) => stack.some(({ name }) => name === 'hoard'))
      .reduce((sum, { values }) => sum + values.inuse_space!, 0)
  }
  // A machine that is busy with other work may pause, so that the hoarding is not within the profile: then once more.
  let hoarded = await profileHoarding()
  for (let tries = 1; tries < 5 && hoarded < 5_000_000; tries++) hoarded = await profileHoarding()
  expect(hoarded).toBeGreaterThan(5_000_000)
  expect(kept.length).toBeGreaterThanOrEqual(200)
})

test('a trace is JSON with events', async () => {
  const { headers, body } = await ask('/debug/pprof/trace?seconds=1')
  expect(headers.get('content-type')).toBe('application/json')
  const { traceEvents } = JSON.parse(text(body)) as { traceEvents: { cat: string }[] }
  expect(traceEvents.length).toBeGreaterThan(0)
})

test.each(['profile', 'heap', 'trace'])('%s takes 1 to 60 seconds and nothing else', async (kind) => {
  for (const query of [
    'seconds=0',
    'seconds=61',
    'seconds=1.5',
    'seconds=-1',
    'seconds=',
    'seconds=1&seconds=2',
  ]) {
    const { status, headers, body } = await ask(`/debug/pprof/${kind}?${query}`)
    expect([query, status, headers.get('content-type')]).toEqual([query, 400, 'application/problem+json'])
    expect(problem(body)).toMatchObject({ code: 'validation_failed', errors: [{ path: 'query.seconds' }] })
  }
  const { body } = await ask(`/debug/pprof/${kind}?second=1`)
  expect(problem(body)).toMatchObject({ errors: [{ path: 'query.second' }] })
})

test.each([
  ['POST', '/debug/pprof/profile', 'GET'],
  ['HEAD', '/debug/pprof/profile', 'GET'],
  ['DELETE', '/debug/pprof/symbol', 'GET, HEAD, POST'],
  ['POST', '/debug/readiness', 'GET, HEAD'],
])('%s is not allowed at %s', async (method, path, allowed) => {
  const { status, headers } = await ask(path, { method })
  expect([status, headers.get('allow')]).toEqual([405, allowed])
})

test("what is not there is not found, and nothing of it is on the service's own port", async () => {
  const { status, body } = await ask('/debug/pprof/goroutine')
  expect([status, problem(body).code]).toEqual([404, 'route_not_found'])
  expect((await ask('/metrics')).status).toBe(404)
  expect((await fetch(`${fake.url}/debug/pprof/`)).status).toBe(404)
})

test('while one profile is taken a second of any kind gets 409 with Retry-After', async () => {
  const startedAt = performance.now()
  const first = ask('/debug/pprof/profile?seconds=8')
  await delay(1_000)
  for (const kind of ['profile', 'heap', 'trace']) {
    const { status, headers, body } = await ask(`/debug/pprof/${kind}?seconds=1`)
    expect([status, headers.get('content-type')]).toEqual([409, 'application/problem+json'])
    const left = Number(headers.get('retry-after'))
    expect(left).toBeLessThanOrEqual(8)
    expect(left).toBeGreaterThanOrEqual(8 - (performance.now() - startedAt) / 1000)
    expect(problem(body)).toMatchObject({
      code: 'profile_under_way',
      detail: `A profile is being taken, for another ${left} s`,
    })
  }
  expect((await first).status).toBe(200)
  expect((await ask('/debug/pprof/profile?seconds=1')).status).toBe(200)
})

test.each(['profile', 'heap', 'trace'])('a client that goes away ends its %s', async (kind) => {
  const gone = new AbortController()
  const answering = ask(`/debug/pprof/${kind}?seconds=60`, { signal: gone.signal })
  await delay(1_000)
  expect((await ask('/debug/pprof/heap?seconds=1')).status).toBe(409)
  gone.abort()
  await expect(answering).rejects.toThrow()
  let status = 0
  await until(async () => (status = (await ask('/debug/pprof/heap?seconds=1')).status) === 200)
  expect(status).toBe(200)
})

test('profiles are in the access log', async () => {
  await ask('/debug/pprof/profile?seconds=1')
  await until(() => fake.logged.entries.at(-1)?.route === '/debug/pprof/profile')
  expect(fake.logged.entries.at(-1)).toMatchObject({ message: 'request', status: 200, method: 'GET' })
})

// Elsewhere 127.0.0.2 is no address of the machine.
const onLinux = process.platform === 'linux' ? test : test.skip

onLinux('it listens on the address that it is given, and on no other', async () => {
  const there = await startWithDebug({ debugHost: '127.0.0.2' })
  expect(there.address).toBe('127.0.0.2')
  expect((await fetch(`http://127.0.0.2:${there.port}/debug/liveness`)).status).toBe(200)
  await expect(fetch(`http://127.0.0.1:${there.port}/debug/liveness`)).rejects.toThrow()
  await there.fake.service.stop()
})

test('without a port there is none', async () => {
  const without = await startFakeService(database.url)
  await without.service.stop()
  expect(without.logged.of('listening')).toHaveLength(1)
  expect(without.logged.of('debug listener')).toEqual([])
})

test('it answers while the service drains and finishes what is under way, and ends with it', async () => {
  const { fake, debug } = await startWithDebug({ shutdownDrainMs: 200, shutdownTimeoutMs: 20_000 })
  const slow = await openSocket(fake.port)
  slow.send('GET /api/v1/slow/4000 HTTP/1.1\r\nHost: x\r\n\r\n')
  await until(() => underWay.underWay === 1)
  const stopping = fake.service.stop()
  // The service takes no connection any more.
  const isRefused = () =>
    fetch(`${fake.url}/health/live`).then(
      () => false,
      () => true,
    )
  await until(isRefused)
  expect(await isRefused()).toBe(true)
  expect((await fetch(`${debug}/debug/liveness`)).status).toBe(200)
  expect((await fetch(`${debug}/debug/readiness`)).status).toBe(503)
  await stopping
  expect(await slow.ended()).toContain('waited_ms')
  await expect(fetch(`${debug}/debug/liveness`)).rejects.toThrow()
})

test.each(['profile', 'heap', 'trace'])(
  'a %s under way does not hold up the end, and is answered',
  async (kind) => {
    const { fake, debug } = await startWithDebug({ shutdownTimeoutMs: 20_000 })
    const answering = fetch(`${debug}/debug/pprof/${kind}?seconds=60`)
    await delay(1_000)
    const startedAt = performance.now()
    await fake.service.stop()
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    const answer = await answering
    expect(answer.status).toBe(200)
    expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(100)
    expect(fake.logged.of('the debug listener did not end as it should')).toEqual([])
  },
)

test('a client that does not take its profile does not hold up the end either', async () => {
  const { fake, port } = await startWithDebug({ shutdownTimeoutMs: 20_000 })
  const socket = await openSocket(port)
  socket.send('POST /debug/pprof/symbol HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n7:')
  await delay(100)
  const startedAt = performance.now()
  await fake.service.stop()
  expect(performance.now() - startedAt).toBeLessThan(10_000)
  await socket.ended()
})

test('when the service cannot listen, the debug listener does not stay', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, () => resolve()))
  const { port } = other.address() as AddressInfo
  const debugPort = await ownPort()

  await expect(startFakeService(database.url, { port, debugPort })).rejects.toThrow('EADDRINUSE')
  await expect(fetch(`http://127.0.0.1:${debugPort}/debug/liveness`)).rejects.toThrow()
  await new Promise((resolve) => other.close(resolve))
})
