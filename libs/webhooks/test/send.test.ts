import dns from 'node:dns'
import { createServer as createTcp, type Server as TcpServer, type Socket } from 'node:net'
import { createServer as createTls } from 'node:https'
import { generate } from 'selfsigned'
import { ownPort } from '@ordinal/testing'
import { addressPolicy } from '../src/addresses'
import { createSend } from '../src/send'
import { close, listen, startReceiver, type Receiver } from './receiver'

const loopback = addressPolicy(['127.0.0.1'])
// Longer than a busy machine pauses: the beginning of an answer comes in time.
const timeoutMs = 3_000
const delivery = (url: string) => ({ url, headers: { 'content-type': 'application/json' }, body: '{"a":1}' })
const { send } = createSend({ addresses: loopback, timeoutMs: 20_000 })
const { send: impatient } = createSend({ addresses: loopback, timeoutMs })

let receiver: Receiver
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver.stop())

/** A server that says what it wants, byte by byte. */
async function startRaw(onConnection: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server: TcpServer = createTcp((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('data', () => onConnection(socket))
  })
  const port = await listen(server as never)
  return {
    url: `http://127.0.0.1:${port}/`,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('an answer is told with its status and its beginning', async () => {
  receiver.answer = (_, response) => void response.writeHead(500).end('broken\0 ' + 'x'.repeat(5_000))
  const { status, answer, error, durationMs } = await send(delivery(receiver.url))
  expect([status, error]).toEqual([500, undefined])
  expect(answer).toHaveLength(1024)
  expect(answer!.startsWith('broken\ufffd xxx')).toBe(true)
  expect(durationMs).toBeGreaterThanOrEqual(0)
  expect(receiver.seen[0]!.body).toBe('{"a":1}')
})

test('a redirect is an answer, and is not followed', async () => {
  const other = await startReceiver()
  receiver.answer = (_, response) => void response.writeHead(307, { location: other.url }).end()
  expect(await send(delivery(receiver.url))).toMatchObject({ status: 307 })
  expect(other.seen).toEqual([])
  await other.stop()
})

test('an answer without an end is read to a kilobyte, and its status holds', async () => {
  receiver.answer = (_, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write('x'.repeat(10_000)), 1)
    response.on('close', () => clearInterval(timer))
  }
  const { status, answer, error } = await send(delivery(receiver.url))
  expect([status, answer!.length, error]).toEqual([200, 1024, undefined])
})

test.each([
  ['with a length', 'content-length: 1000\r\n\r\nabc'],
  ['in pieces', 'transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n'],
  ['in pieces that are none', 'transfer-encoding: chunked\r\n\r\n3\r\nabc\r\nno piece\r\n'],
])('an answer %s that is cut before its end says so, with what came of it', async (_, rest) => {
  const cutting = await startRaw((socket) => void socket.end(`HTTP/1.1 200 OK\r\n${rest}`))
  expect(await send(delivery(cutting.url))).toMatchObject({
    status: 200,
    answer: 'abc',
    error: expect.stringMatching(/^the answer was cut off: ./),
  })
  await cutting.stop()
})

test('an answer that ends as its connection does has ended', async () => {
  const old = await startRaw((socket) => void socket.end('HTTP/1.0 200 OK\r\n\r\nabc'))
  expect(await send(delivery(old.url))).toMatchObject({ status: 200, answer: 'abc', error: undefined })
  await old.stop()
})

test('an answer that is cut after the kilobyte that is kept counts as it is', async () => {
  const long = await startRaw(
    (socket) => void socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n${'x'.repeat(2_000)}`),
  )
  expect(await send(delivery(long.url))).toMatchObject({ status: 200, error: undefined })
  await long.stop()
})

test('a stop while the answer comes interrupts the delivery', async () => {
  const stopping = new AbortController()
  const slow = await startRaw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nabc')
    setTimeout(() => stopping.abort(), 100)
  })
  expect(await send(delivery(slow.url), stopping.signal)).toMatchObject({ error: 'interrupted' })
  await slow.stop()
})

test('an answer that comes byte by byte ends with the time of the attempt, before its headers and after', async () => {
  const drip = (text: string) => (socket: Socket) => {
    socket.write(text)
    const timer = setInterval(() => socket.write('x'), 20)
    socket.on('close', () => clearInterval(timer))
  }
  const headers = await startRaw(drip('HTTP/1.1 200 OK\r\nx-never-ends: '))
  const body = await startRaw(drip('HTTP/1.1 503 No\r\ncontent-length: 1000\r\n\r\n'))
  const silent = await startRaw(() => undefined)
  const [inHeaders, inBody, atAll] = await Promise.all(
    [headers, body, silent].map(({ url }) => impatient(delivery(url))),
  )
  expect(inHeaders).toMatchObject({ error: `timeout: no answer within ${timeoutMs} ms` })
  expect(inBody).toMatchObject({
    status: 503,
    answer: expect.stringMatching(/^x*$/),
    error: `timeout: the answer did not end within ${timeoutMs} ms`,
  })
  expect(atAll).toMatchObject({ error: `timeout: no answer within ${timeoutMs} ms` })
  await Promise.all([headers, body, silent].map((server) => server.stop()))
})

test('a connection that breaks, and one that is refused, are told', async () => {
  const breaking = await startRaw((socket) => socket.destroy())
  expect((await send(delivery(breaking.url))).error).toMatch(/ECONNRESET|socket hang up/)
  await breaking.stop()
  expect((await send(delivery(`http://127.0.0.1:${await ownPort()}/`))).error).toContain('ECONNREFUSED')
})

test.each([
  [
    'another protocol',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
  ],
  ['what is no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n'],
])('a receiver that goes on with %s has not answered', async (_, text) => {
  const other = await startRaw((socket) => void socket.write(text))
  const { status, error } = await send(delivery(other.url))
  expect([status, error]).toEqual([undefined, expect.any(String)])
  await other.stop()
})

test('a certificate that nobody vouches for is refused', async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }])
  let asked = 0
  const server = createTls({ key, cert }, (_, response) => {
    asked += 1
    response.end()
  })
  const port = await listen(server)
  const { status, error } = await send(delivery(`https://127.0.0.1:${port}/`))
  expect([status, asked]).toEqual([undefined, 0])
  expect(error).toContain('self-signed')
  await close(server)
})

describe('an address that is not public', () => {
  const { send: strict } = createSend({ addresses: addressPolicy([]), timeoutMs: 5_000 })
  let connections = 0
  let port: number
  let server: TcpServer
  beforeEach(async () => {
    connections = 0
    server = createTcp((socket) => {
      connections += 1
      socket.destroy()
    })
    port = await listen(server as never)
  })
  afterEach(() => new Promise((resolve) => server.close(resolve)))
  afterEach(() => jest.restoreAllMocks())

  test.each(['127.0.0.1', 'localhost', '0.0.0.0', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1'])(
    'is not connected to as %s',
    async (host) => {
      const { status, error } = await strict(delivery(`http://${host}:${port}/`))
      expect([status, connections]).toEqual([undefined, 0])
      expect(error).toContain('ADDRESS_REFUSED')
    },
  )

  /** What the name of the receiver resolves to: each time something else. */
  const resolving = (...answers: dns.LookupAddress[][]) =>
    jest
      .spyOn(dns, 'lookup')
      .mockImplementation(((_: string, __: object, done: (...of: unknown[]) => void) =>
        done(null, answers.length > 1 ? answers.shift() : answers[0])) as never)
  const here = { address: '127.0.0.1', family: 4 }

  test('is refused where a name leads to it, besides a public one', async () => {
    resolving([{ address: '203.1.113.9', family: 4 }, here])
    const { error } = await strict(delivery(`http://receiver.example:${port}/`))
    expect([error, connections]).toEqual(['ADDRESS_REFUSED: 127.0.0.1 is not a public address', 0])
  })

  test('is refused where a name has led to another one before: what is checked is what is connected to', async () => {
    const spy = resolving([here])
    const { error } = await strict(delivery(`http://receiver.example:${port}/`))
    expect([error, connections]).toEqual(['ADDRESS_REFUSED: 127.0.0.1 is not a public address', 0])
    // One look-up for the check and the connection: there is no time between the two.
    expect(spy).toHaveBeenCalledTimes(1)
    resolving([here])
    await createSend({ addresses: loopback, timeoutMs: 5_000 }).send(
      delivery(`http://receiver.example:${port}/`),
    )
    expect(connections).toBe(1)
  })
})
