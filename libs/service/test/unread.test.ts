import { readdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { createTestDatabase, until, type TestDatabase } from '@ordinal/testing'
import { streams } from './fake-routes'
import { startFakeService } from './fake-service'
import { openSocket } from './raw-socket'

let database: TestDatabase
let fake: Awaited<ReturnType<typeof startFakeService>>

beforeAll(async () => void (database = await createTestDatabase()))
afterEach(() => fake.service.stop())
afterAll(() => database.drop())

const get = (path: string, method = 'GET') => `${method} ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
const openFiles = () => readdirSync('/proc/self/fd').length

/** Connections that send these requests and read nothing. */
async function openDeaf(count: number, request: string) {
  const sockets = await Promise.all(Array.from({ length: count }, () => openSocket(fake.port)))
  for (const socket of sockets) {
    socket.pause()
    socket.send(request)
  }
  return sockets
}

async function metric(name: string): Promise<number> {
  const body = await (await fetch(`${fake.url}/metrics`)).text()
  return Number(
    body
      .split('\n')
      .find((line) => line.startsWith(`fake_service_${name} `))
      ?.split(' ')[1],
  )
}
const stalled = () => metric('connections_cut_total{protocol="http",reason="stalled"}')

test('who takes nothing of the files of /docs is cut, and holds none of them open', async () => {
  fake = await startFakeService(database.url, { unreadTimeoutMs: 5_000 })
  await (await fetch(`${fake.url}/docs/files/swagger-ui-bundle.js`)).text()
  const before = openFiles()
  const deaf = await openDeaf(10, get('/docs/files/swagger-ui-bundle.js').repeat(100))
  await until(async () => (await metric('requests_in_flight')) > 10)
  // A descriptor for each end of a connection.
  expect(openFiles()).toBeLessThanOrEqual(before + 2 * deaf.length + 4)
  // Before that none may be in flight for a moment: short files fit into the buffers of a connection.
  await until(async () => (await stalled()) === 10)
  await until(async () => (await metric('requests_in_flight')) === 1)
  expect(await stalled()).toBe(10)
  for (const socket of deaf) socket.destroy()
  await until(() => openFiles() <= before + 2)
  expect(openFiles()).toBeLessThanOrEqual(before + 2)
})

test('a stream whose reader has stopped is ended, and what it reads from with it', async () => {
  Object.assign(streams, { made: 0, ended: 0 })
  fake = await startFakeService(database.url, { unreadTimeoutMs: 500 })
  const [deaf] = await openDeaf(1, get('/api/v1/streams/endless'))
  await until(() => streams.ended === 1)
  expect(streams.ended).toBe(1)
  deaf!.destroy()
})

test('a reader that is slow, and reads, is served to the end; so is one that waits for a slow answer', async () => {
  fake = await startFakeService(database.url, { unreadTimeoutMs: 4_000 })
  const waiting = fetch(`${fake.url}/api/v1/slow/6000`)
  const { body, headers } = await fetch(`${fake.url}/docs/files/swagger-ui-bundle.js`)
  let bytes = 0
  let pauses = 0
  for await (const piece of body!) {
    bytes += (piece as Uint8Array).length
    if (pauses++ < 20) await delay(250)
  }
  expect(bytes).toBe(Number(headers.get('content-length')))
  expect((await waiting).status).toBe(200)
})

test('a service that stops does not wait for clients who neither take nor send anything', async () => {
  fake = await startFakeService(database.url, { shutdownTimeoutMs: 60_000 })
  const deaf = await openDeaf(5, get('/docs/files/swagger-ui-bundle.js').repeat(50))
  await openDeaf(
    5,
    'POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  )
  await until(async () => (await metric('requests_in_flight')) > 10)
  const started = performance.now()
  await fake.service.stop()
  expect(performance.now() - started).toBeLessThan(15_000)
  for (const socket of deaf) socket.destroy()
})

test('connections of one client beyond its bound take the place of its least useful ones', async () => {
  fake = await startFakeService(database.url, { connectionsPerClient: 32 })
  const useful = await openSocket(fake.port)
  const answers = () => useful.received().match(/"id":7/g)?.length ?? 0
  const slowBodies = await Promise.all(Array.from({ length: 20 }, () => openSocket(fake.port)))
  for (const socket of slowBodies)
    socket.send('POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n')
  for (let n = 1; n <= 100; n += 1) {
    useful.send(get('/api/v1/things/7'))
    await until(() => answers() === n)
    await openSocket(fake.port)
  }
  expect(answers()).toBe(100)
  expect(await metric('connections{protocol="http"}')).toBeLessThanOrEqual(32)
  expect(await metric('connections_cut_total{protocol="http",reason="crowded"}')).toBeGreaterThan(60)
})

test('probes have a limit of their own, which no other request uses up, and liveness and readiness have none', async () => {
  fake = await startFakeService(database.url, { rateLimit: 1 })
  for (let n = 0; n < 10; n += 1) await fake.api.get('/api/v1/things/7')
  // Once a second one passes.
  const statuses = [await fake.api.get('/api/v1/things/7'), await fake.api.get('/api/v1/things/7')]
  expect(statuses.map(({ status }) => status)).toContain(429)
  const limitOf = async (path: string) => {
    const { status, headers } = await fetch(fake.url + path)
    return [status, headers.get('RateLimit-Limit')]
  }
  expect(await limitOf('/metrics')).toEqual([200, '1000'])
  expect(await limitOf('/health')).toEqual([200, '1000'])
  expect(await limitOf('/health/live')).toEqual([200, null])
  expect(await limitOf('/health/ready')).toEqual([200, null])
})
