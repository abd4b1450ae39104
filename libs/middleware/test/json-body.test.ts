import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import type { RequestHandler } from 'express'
import fc from 'fast-check'
import { parseJsonBody } from '../src'
import { closeServers, serve } from './serve'

afterAll(closeServers)

const body = '{"client_id":"a"}'
const request = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`

// As a program closes it, as one that is killed, and as one that is killed with something unread.
test.each(['end', 'destroy', 'resetAndDestroy'] as const)(
  'a body whose client closes the connection by %s before it is read is not taken for none',
  async (close) => {
    const steps = new EventEmitter()
    const [arrived, read] = [once(steps, 'arrived'), once(steps, 'read')]
    const parse = parseJsonBody(1_000)
    // Such as a rate limit that asks Redis.
    const untilClosed: RequestHandler = (req, _res, next) => {
      req.socket.once('close', () => next())
      steps.emit('arrived')
    }
    const take: RequestHandler = (req, res) =>
      parse(req, res, (error?: unknown) => steps.emit('read', error ?? { body: req.body as unknown }))
    const { port } = await serve(() => [untilClosed, take])

    const client = connect(port, '127.0.0.1')
    await once(client, 'connect')
    client.resume().write(request)
    await arrived
    client[close]()
    expect(await read).toMatchObject([{ code: 'request_timeout' }])
  },
)

const echo: RequestHandler = (req, res) => void res.json({ read: req.body as unknown })

/** Sends bytes as a body, and gives what was read of it, or the error. */
async function sendTo(url: string, bytes: Uint8Array, contentType: string) {
  const response = await fetch(url, {
    method: 'POST',
    body: Uint8Array.from(bytes),
    headers: { 'content-type': contentType },
  })
  const { read, code } = (await response.json()) as { read?: unknown; code?: string }
  return { status: response.status, read, code }
}

const bytesOf = (text: string) => new TextEncoder().encode(text)
const bodies = fc.oneof(
  fc.json().map(bytesOf),
  fc.json().map((text) => bytesOf(`\uFEFF${text}`)),
  fc.json().map((text) => bytesOf(` \n${text}\t`)),
  fc.json().map((text) => bytesOf(text.slice(0, -1))),
  fc
    .constantFrom('', ' ', 'null', '1', '"text"', '[]', '{"__proto__":{"a":1}}', '{"a":1}{', '\uFEFF')
    .map(bytesOf),
  fc.uint8Array({ maxLength: 40 }),
  fc
    .uint8Array({ maxLength: 10 })
    .map((bytes) => Uint8Array.from([...bytesOf('{"a":"'), ...bytes, ...bytesOf('"}')])),
  fc
    .integer({ min: 980, max: 1_020 })
    .map((length) => bytesOf(JSON.stringify({ a: 'x'.repeat(length - 8) }))),
)

test('a short body, which is read directly, is what the body parser reads', async () => {
  const { url } = await serve(() => [parseJsonBody(1_000), echo])
  await fc.assert(
    fc.asyncProperty(bodies, async (bytes) => {
      const direct = await sendTo(url, bytes, 'application/json')
      expect(direct).toEqual(await sendTo(url, bytes, 'application/json;charset=utf-8'))
    }),
    { numRuns: 300 },
  )
})

test('a short body may arrive in any pieces', async () => {
  const { port } = await serve(() => [parseJsonBody(1_000), echo])
  const client = connect(port, '127.0.0.1').setNoDelay().setEncoding('utf8')
  await once(client, 'connect')
  const text = JSON.stringify({ name: 'Zoë' })
  const bytes = Buffer.from(text)
  client.write(
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n`,
  )
  for (const byte of bytes) {
    client.write(Buffer.of(byte))
    await new Promise(setImmediate)
  }
  const [answer] = (await once(client, 'data')) as [string]
  client.destroy()
  expect(answer).toContain(`{"read":${text}}`)
})

test('a short body whose client leaves before its end is an error', async () => {
  const read = new EventEmitter()
  const parse = parseJsonBody(1_000)
  const take: RequestHandler = (req, res) => {
    parse(req, res, (error?: unknown) => read.emit('read', error ?? { body: req.body as unknown }))
    read.emit('begun')
  }
  const { port } = await serve(() => [take])
  const [begun, ended] = [once(read, 'begun'), once(read, 'read')]
  const client = connect(port, '127.0.0.1')
  client.write(request.slice(0, -3))
  await begun
  client.destroy()
  expect(await ended).toMatchObject([{ code: 'request_timeout' }])
})

test('a client that leaves after its body was read goes on once', async () => {
  const steps = new EventEmitter()
  const parse = parseJsonBody(1_000)
  const goOn = jest.fn()
  const take: RequestHandler = (req, res) => {
    res.once('close', () => steps.emit('closed'))
    parse(req, res, (error?: unknown) => {
      goOn(error)
      steps.emit('read')
    })
  }
  const { port } = await serve(() => [take])
  const [read, closed] = [once(steps, 'read'), once(steps, 'closed')]
  const client = connect(port, '127.0.0.1')
  client.write(request)
  await read
  client.resetAndDestroy()
  await closed
  await new Promise(setImmediate)
  expect(goOn.mock.calls).toEqual([[undefined]])
})
