import { connect } from 'node:net'
import { once } from 'node:events'
import { createTestDatabase, until, type TestDatabase } from '@ordinal/testing'
import { slow } from './fake-routes'
import { startFakeService } from './fake-service'
import { openSocket } from './raw-socket'

let database: TestDatabase
let fake: Awaited<ReturnType<typeof startFakeService>>

beforeAll(async () => void (database = await createTestDatabase()))
beforeEach(async () => void (fake = await startFakeService(database.url)))
afterEach(() => fake.service.stop())
afterAll(() => database.drop())

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
const post = (name: string) => {
  const body = JSON.stringify({ name, unit_price: 1 })
  return `POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}
const times = (count: number, make: (n: number) => string) => Array.from({ length: count }, (_, n) => make(n))

async function inFlight(): Promise<number> {
  const body = await (await fetch(`${fake.url}/metrics`)).text()
  // The scrape is one itself.
  return Number(/fake_service_requests_in_flight (\d+)/.exec(body)![1]) - 1
}

test('a thousand requests that are sent at once are all answered, in order, and at most eight are under way', async () => {
  slow.most = 0
  const socket = await openSocket(fake.port)
  socket.send(times(1_000, (n) => get(`/api/v1/slow/${10 + (n % 10)}`)).join(''))
  const answers = () => [...socket.received().matchAll(/"waited_ms":(\d+)/g)].map(([, ms]) => Number(ms))
  await until(() => answers().length === 1_000)
  expect(answers()).toEqual(Array.from({ length: 1_000 }, (_, n) => 10 + (n % 10)))
  expect(slow.most).toBe(8)
  socket.destroy()
})

test('so are those of twenty connections that send a thousand each', async () => {
  const sockets = await Promise.all(Array.from({ length: 20 }, () => openSocket(fake.port)))
  for (const socket of sockets) socket.send(times(1_000, () => get('/nowhere')).join(''))
  const answered = () => sockets.map((socket) => socket.received().match(/HTTP\/1\.1 404/g)?.length)
  await until(() => answered().every((count) => count === 1_000), 60_000)
  for (const socket of sockets) socket.destroy()
})

test('bodies among them arrive whole, however they are cut into pieces', async () => {
  const text = times(400, (n) => (n % 3 === 0 ? get(`/api/v1/things/${n + 1}`) : post(`thing-${n}`))).join('')
  for (const size of [text.length, 1_000, 77]) {
    const socket = await openSocket(fake.port)
    for (let at = 0; at < text.length; at += size) {
      socket.send(text.slice(at, at + size))
      if (size < 1_000) await new Promise(setImmediate)
    }
    await until(() => socket.received().match(/HTTP\/1\.1 /g)?.length === 400)
    const names = [...socket.received().matchAll(/"(?:id":(\d+),"name":"thing"|name":"thing-(\d+)")/g)]
    expect(names.map(([, id, n]) => (id ? Number(id) - 1 : Number(n)))).toEqual(
      times(400, String).map(Number),
    )
    socket.destroy()
  }
})

test('a connection that has sent as many as may be under way is good for more', async () => {
  const socket = await openSocket(fake.port)
  for (let round = 1; round <= 5; round += 1) {
    socket.send(times(8, () => get('/api/v1/things/7')).join(''))
    await until(() => socket.received().match(/"id":7/g)?.length === round * 8)
  }
  socket.send(post('last'))
  await until(() => socket.received().includes('"name":"last"'))
  socket.destroy()
})

test('what cannot be read is refused behind more requests than may be under way', async () => {
  const socket = await openSocket(fake.port)
  socket.send(`${times(50, () => get('/api/v1/slow/1')).join('')}HELLO\r\n\r\n`)
  const statuses = (await socket.ended()).match(/HTTP\/1\.1 \d+/g)!
  expect([statuses.length, statuses[49], statuses[50]]).toEqual([51, 'HTTP/1.1 200', 'HTTP/1.1 400'])
})

test('when a connection closes, every answer of it is ended, counted and logged, once', async () => {
  const socket = await openSocket(fake.port)
  socket.send(get('/api/v1/slow/3000') + times(5, () => get('/api/v1/things/7')).join(''))
  await until(async () => (await inFlight()) === 6)
  socket.destroy()
  await until(async () => (await inFlight()) === 0)
  expect(await inFlight()).toBe(0)
  const lines = fake.logged.of('request').map(({ route, aborted }) => [route, aborted])
  expect(lines.sort()).toEqual([
    ['/api/v1/slow/{ms}', true],
    ...Array<unknown>(5).fill(['/api/v1/things/{id}', true]),
  ])
})

test('clients that ask for a tunnel and go end no service', async () => {
  for (let n = 0; n < 50; n += 1) {
    const socket = connect(fake.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(`${get('/api/v1/slow/20')}CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\nmore`)
    setTimeout(() => socket.resetAndDestroy(), n % 3)
    await once(socket, 'close')
  }
  await until(async () => (await inFlight()) === 0)
  expect((await fake.api.get('/health/live')).status).toBe(200)
})
