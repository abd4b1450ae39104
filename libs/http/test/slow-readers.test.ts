import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import express from 'express'
import { until } from '@ordinal/testing'
import { createServer, type Server } from '../src/server/server'

const kilobyte = Buffer.alloc(1024)
const cut: string[] = []
let server: Server
let port: number

beforeAll(async () => {
  const app = express()
  app.get('/endless', (_req, res) => {
    const more = () => {
      while (res.write(kilobyte.toString()));
    }
    res.on('drain', more)
    more()
  })
  app.get('/ticks', (_req, res) => {
    const timer = setInterval(() => res.write('.'), 50)
    res.on('close', () => clearInterval(timer))
  })
  // No window passes without a byte read, so that the bound on reading nothing is not what ends the slow one.
  const limits = { unreadMs: 4_000, leastBytesPerSecond: 2 * 1024 * 1024 }
  server = createServer(app, { onCut: (reason) => cut.push(reason) }, limits)
  port = await server.listen(0, '127.0.0.1')
})

beforeEach(() => void (cut.length = 0))
afterAll(() => server.close(0))

async function ask(path: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  await once(socket, 'connect')
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  return socket
}

/** Reads so many bytes every 50 ms; counts them. */
function readSlowly(socket: Socket, bytes: number) {
  const read = { bytes: 0, closed: false }
  const timer = setInterval(() => {
    const piece = socket.read(Math.min(bytes, socket.readableLength)) as Buffer | null
    read.bytes += piece?.length ?? 0
  }, 50)
  socket.once('close', () => {
    clearInterval(timer)
    read.closed = true
  })
  return read
}

test('a client that reads a little all the time keeps no answer for ever, and others are served meanwhile', async () => {
  const slow = await ask('/endless')
  const fast = await ask('/endless')
  const listener = await ask('/ticks')
  const read = readSlowly(slow, 32 * 1024)
  let [taken, heard] = [0, 0]
  fast.on('data', (bytes: Buffer) => (taken += bytes.length))
  listener.on('data', (bytes: Buffer) => (heard += bytes.length))
  await until(() => read.closed)
  expect(read.bytes).toBeGreaterThan(1024 * 1024)
  expect(cut).toEqual(['stalled'])
  // A listener that has all there is has nothing to catch up with, however little it gets.
  expect([fast.destroyed, listener.destroyed]).toEqual([false, false])
  const before = [taken, heard]
  const goOn = () => taken > before[0]! && heard > before[1]!
  await until(goOn)
  expect(goOn()).toBe(true)
  fast.destroy()
  listener.destroy()
})
