import { createTestDatabase, until, type TestDatabase } from '@ordinal/testing'
import { slow } from './fake-routes'
import { startFakeService } from './fake-service'
import { openSocket } from './raw-socket'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

/** How long something takes, in milliseconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** Until a request for a late answer is under way. */
const isUnderWay = () => until(() => slow.underWay === 1)

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
const idleRequest =
  'POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{'

test('connections that are idle or sent half a header do not hold up the end', async () => {
  const fake = await startFakeService(database.url, { shutdownTimeoutMs: 60_000 })
  const idle = await openSocket(fake.port)
  const kept = await openSocket(fake.port)
  const halfHeader = await openSocket(fake.port)
  kept.send(get('/health/live'))
  halfHeader.send('GET /health/live HTTP/1.1\r\nHost:')
  await until(() => kept.received() !== '')

  // Half a header would be waited for, without a stop, for 15 s.
  expect(await timed(() => fake.service.stop())).toBeLessThan(12_000)
  await Promise.all([idle.ended(), kept.ended(), halfHeader.ended()])
})

test('a body that never arrives in full is waited for until the deadline, and no longer', async () => {
  const fake = await startFakeService(database.url, { shutdownTimeoutMs: 500 })
  const halfBody = await openSocket(fake.port)
  halfBody.send(idleRequest)
  // The question is one, too.
  const inFlight = async () =>
    /requests_in_flight (\d+)/.exec(await (await fetch(`${fake.url}/metrics`)).text())?.[1]
  await until(async () => (await inFlight()) === '2')

  const tookMs = await timed(() => fake.service.stop())
  expect(tookMs).toBeGreaterThanOrEqual(480)
  expect(tookMs).toBeLessThan(10_000)
  await halfBody.ended()
})

test('a request under way is answered in full, and its client told not to use the connection again', async () => {
  const fake = await startFakeService(database.url)
  const socket = await openSocket(fake.port)
  socket.send(get('/api/v1/slow/400'))
  await isUnderWay()
  await fake.service.stop()
  expect(await socket.ended()).toMatch(/^HTTP\/1\.1 200 .*Connection: close.*\{"waited_ms":400\}$/s)
})

test('of several requests under way on one connection, all are answered', async () => {
  const fake = await startFakeService(database.url)
  const socket = await openSocket(fake.port)
  socket.send(get('/api/v1/slow/400') + get('/api/v1/things/7'))
  await isUnderWay()
  await fake.service.stop()
  const [first, second] = (await socket.ended()).split('{"waited_ms":400}')
  expect(first).toMatch(/^HTTP\/1\.1 200 .*Connection: keep-alive/s)
  expect(second).toMatch(/^HTTP\/1\.1 200 .*\{"id":7/s)
})

test('new connections are refused as soon as the service stops', async () => {
  const fake = await startFakeService(database.url)
  const busy = await openSocket(fake.port)
  busy.send(get('/api/v1/slow/4000'))
  await isUnderWay()
  const stopping = fake.service.stop()
  const refused = await fetch(`${fake.url}/health/live`).catch(
    (error: { cause: { code: string } }) => error.cause.code,
  )
  expect(refused).toBe('ECONNREFUSED')
  expect(busy.received()).toBe('')
  await stopping
})

test('while it drains the service takes requests, and /health/ready says 503', async () => {
  const fake = await startFakeService(database.url, { shutdownDrainMs: 4_000 })
  expect((await fake.api.get('/health/ready')).status).toBe(200)
  const stopping = timed(() => fake.service.stop())

  const ready = await fake.api.get('/health/ready')
  expect(ready).toMatchObject({
    status: 503,
    body: { checks: { accepting_requests: 'stopping', database: 'up' } },
  })
  expect((await fake.api.get('/health/live')).status).toBe(200)
  expect((await fake.api.get('/api/v1/rows')).status).toBe(200)
  expect(await stopping).toBeGreaterThan(3_995)
  await expect(fetch(`${fake.url}/health/live`)).rejects.toThrow()
})

test('while it drains each answer ends its connection, so that clients open another one elsewhere', async () => {
  const fake = await startFakeService(database.url, { shutdownDrainMs: 6_000 })
  const [busy, kept] = [await openSocket(fake.port), await openSocket(fake.port)]
  kept.send(get('/api/v1/things/7'))
  busy.send(get('/api/v1/slow/4000'))
  await until(() => kept.received() !== '')
  const stopping = fake.service.stop()

  kept.send(get('/api/v1/things/8'))
  expect((await kept.ended()).split('{"id":7')[1]).toMatch(/HTTP\/1\.1 200 .*Connection: close.*\{"id":8/s)
  expect(await busy.ended()).toMatch(/^HTTP\/1\.1 200 .*Connection: close.*\{"waited_ms":4000\}$/s)
  await stopping
})

test('to stop twice is to stop once', async () => {
  const stops: string[] = []
  const task = { start: () => {}, stop: () => Promise.resolve(void stops.push('task')) }
  const fake = await startFakeService(
    database.url,
    {},
    { background: [task], close: () => stops.push('close') },
  )
  await Promise.all([fake.service.stop(), fake.service.stop()])
  await fake.service.stop()
  expect(stops).toEqual(['task', 'close'])
  expect(fake.logged.of('stopped')).toHaveLength(1)
})

test('background tasks start with the service and stop when no request is left, before the pool closes', async () => {
  const told: string[] = []
  const task = {
    start: () => void told.push('started'),
    async stop() {
      told.push(`stopping with ${slow.underWay} under way`)
      await fake.pool.query('SELECT 1')
      told.push('stopped')
    },
  }
  const fake = await startFakeService(database.url, {}, { background: [task] })
  const socket = await openSocket(fake.port)
  socket.send(get('/api/v1/slow/300'))
  await isUnderWay()
  expect(told).toEqual(['started'])
  await fake.service.stop()
  expect(await socket.ended()).toContain('{"waited_ms":300}')
  expect(told).toEqual(['started', 'stopping with 0 under way', 'stopped'])
})

test.each<[string, () => Promise<void>]>([
  ['hangs', () => new Promise(() => {})],
  ['fails', () => Promise.reject(new Error('the task broke'))],
])('a background task that %s keeps nothing else from its end, and is logged', async (_, stop) => {
  const others: string[] = []
  const good = { start: () => {}, stop: () => Promise.resolve(void others.push('good')) }
  const bad = { start: () => {}, stop }
  const fake = await startFakeService(
    database.url,
    { shutdownTimeoutMs: 200 },
    { background: [bad, good], close: () => others.push('close') },
  )
  expect(await timed(() => fake.service.stop())).toBeLessThan(10_000)
  expect(others).toEqual(['good', 'close'])
  expect(fake.pool.ended).toBe(true)
  expect(fake.logged.of('a background task did not end as it should')).toHaveLength(1)
})

test('a statement that does not end is not waited for beyond the bound', async () => {
  const fake = await startFakeService(database.url, { shutdownTimeoutMs: 200 })
  const socket = await openSocket(fake.port)
  socket.send(get(`/api/v1/rows?sql=${encodeURIComponent('SELECT pg_sleep(6)')}`))
  await until(() => fake.pool.totalCount > fake.pool.idleCount)
  expect(await timed(() => fake.service.stop())).toBeLessThan(5_000)
  expect(fake.logged.of('the database pool did not end as it should')).toHaveLength(1)
  await until(() => fake.pool.totalCount === 0)
})

test('everything that was logged is written when the service has stopped', async () => {
  const fake = await startFakeService(database.url)
  const requests = Array.from({ length: 50 }, () => fake.api.get('/api/v1/things/7'))
  await Promise.all(requests)
  await fake.service.stop()
  expect(fake.logged.of('request')).toHaveLength(50)
  expect(fake.logged.entries.at(-1)).toMatchObject({ message: 'stopped' })
})

test('a log that nobody reads any more is not waited for beyond the bound', async () => {
  const fake = await startFakeService(database.url)
  fake.logged.stream._write = () => {}
  // More than Node's streams hold without being read: 64 KiB from Node 22 on.
  const requests = Array.from({ length: 400 }, () => fake.api.get('/api/v1/things/7'))
  await Promise.all(requests)
  expect(fake.logged.stream.writableNeedDrain).toBe(true)
  const tookMs = await timed(() => fake.service.stop())
  expect(tookMs).toBeGreaterThan(900)
  expect(tookMs).toBeLessThan(10_000)
})
