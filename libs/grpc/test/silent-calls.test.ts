import { once } from 'node:events'
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2'
import { connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { createTestDatabase, until, type TestDatabase } from '@ordinal/testing'
import { begun, startFakeService } from './fake-service'

let database: TestDatabase
let fake: Awaited<ReturnType<typeof startFakeService>>
let session: ClientHttp2Session

const limits = {
  arrivalMs: 1_500,
  leaveMs: 300,
  streamMs: 60_000,
  calls: 4_096,
  silent: 1_024,
  operations: 1_024,
}

beforeAll(async () => void (database = await createTestDatabase()))
afterEach(async () => {
  session.destroy()
  await fake.stop()
})
afterAll(() => database.drop())

async function start(settings = {}, own = {}) {
  fake = await startFakeService(database.url, settings, {}, { ...limits, ...own })
  session = connectHttp2(`http://127.0.0.1:${fake.port}`)
  session.on('error', () => {})
  await once(session, 'connect')
}

/** Opens a call, and says nothing more. */
function open(path = '/fake.FakeService/Describe') {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  stream.on('error', () => {})
  const told = new Promise<unknown>((resolve) =>
    stream.once('response', (head) => resolve(head['grpc-status'])),
  )
  const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()))
  stream.resume()
  return { stream, told, closed }
}

const inFlight = async () => Number(/grpc_requests_in_flight (\d+)/.exec(await fake.metrics.scrape())![1])

test('calls that open and never send a message end, are counted and logged once, and leave no stream', async () => {
  await start()
  const calls = Array.from({ length: 200 }, () => open())
  const codes = await Promise.all(calls.map(({ told }) => told))
  expect(new Set(codes.map(String))).toEqual(new Set(['4']))
  await Promise.all(calls.map(({ closed }) => closed))
  expect(await inFlight()).toBe(0)
  const logged = () => fake.logged.of('request')
  const others = () => fake.logged.of('requests refused').map(({ count }) => Number(count))
  await until(() => logged().length + others().reduce((sum, count) => sum + count, 0) === 200)
  expect(logged().every(({ code }) => code === 'DEADLINE_EXCEEDED')).toBe(true)
  // 20 of a second have a line each.
  expect(logged().length).toBeLessThanOrEqual(20 * (others().length + 1))
})

test.each([
  ['say nothing', '/fake.FakeService/Describe'],
  ['watch its health', '/grpc.health.v1.Health/Watch'],
])('calls that %s never keep others out: one too many ends the oldest', async (_what, path) => {
  await start({}, { silent: 20, operations: 20, arrivalMs: 20_000 })
  const calls = Array.from({ length: 20 }, () => open(path))
  const describe = () => fake.call('Describe', { name: 'nut', value: 7 })
  for (let n = 0; n < 50; n += 1) {
    calls.push(open(path))
    expect((await describe()).code).toBe('OK')
  }
  await Promise.all(calls.slice(0, 30).map(({ closed }) => closed))
  // Node loops for ever where a client ends its streams within the event of another one's end.
  await turn()
})

test('a call beyond those that may be under way is refused before its method begins', async () => {
  await start({}, { calls: 1 })
  const first = fake.call('Wait', { ms: 4_000 })
  await until(() => begun.Wait === 1)
  expect((await fake.call('Wait', { ms: 0 })).code).toBe('RESOURCE_EXHAUSTED')
  expect(begun.Wait).toBe(1)
  await first
  await until(async () => (await fake.call('Wait', { ms: 0 })).code === 'OK')
})

test('one client has half of the calls that may be under way, and leaves the rest to others', async () => {
  await start({ trustProxy: 1 }, { calls: 4 })
  const call = (method: string, ms: number, client: string) =>
    fake.call(method, { ms }, { metadata: { 'x-forwarded-for': client } })
  const before = begun.Wait
  const waiting = [1, 2].map(() => call('Wait', 4_000, '192.0.2.1'))
  await until(() => begun.Wait === before + 2)
  expect((await call('Wait', 0, '192.0.2.1')).code).toBe('RESOURCE_EXHAUSTED')
  expect((await call('Wait', 0, '192.0.2.2')).code).toBe('OK')
  expect((await Promise.all(waiting)).map(({ code }) => code)).toEqual(['OK', 'OK'])
  expect((await call('Wait', 0, '192.0.2.1')).code).toBe('OK')
})

test('connections of one client beyond its bound take the place of those that say nothing', async () => {
  await start({ connectionsPerClient: 16 })
  for (let n = 0; n < 40; n += 1) {
    const silent = connect(fake.port, '127.0.0.1').on('error', () => {})
    await once(silent, 'connect')
    expect((await fake.call('Describe', { name: 'nut', value: 7 })).code).toBe('OK')
  }
  expect(await connectionsOf('grpc')).toBeLessThanOrEqual(16)
})

test('one client has one bound for HTTP and gRPC together, and the protocol that it floods gives way', async () => {
  await start({ connectionsPerClient: 16 })
  const flood = async (port: number) => {
    const silent = connect(port, '127.0.0.1').on('error', () => {})
    await once(silent, 'connect')
    return silent
  }
  const describe = async () => (await fake.call('Describe', { name: 'nut', value: 7 })).code
  expect(await describe()).toBe('OK')
  expect((await fetch(`${fake.url}/health/live`)).status).toBe(200)
  for (const port of [fake.httpPort, fake.port]) {
    const flooding = await Promise.all(Array.from({ length: 60 }, () => flood(port)))
    await until(async () => (await openInAll()) <= 16)
    expect(await openInAll()).toBeLessThanOrEqual(16)
    expect(session.closed || session.destroyed).toBe(false)
    expect(await describe()).toBe('OK')
    expect((await fetch(`${fake.url}/health/live`)).status).toBe(200)
    for (const socket of flooding) socket.destroy()
    await until(async () => (await openInAll()) <= 4)
  }
})

const openInAll = async () => (await connectionsOf('http')) + (await connectionsOf('grpc'))

async function connectionsOf(protocol: 'http' | 'grpc'): Promise<number> {
  const open = new RegExp(`fake_service_connections\\{protocol="${protocol}"\\} (\\d+)`)
  return Number(open.exec(await fake.metrics.scrape())![1])
}
