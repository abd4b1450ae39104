import dns from 'node:dns'
import type { Server, Socket } from 'node:net'
import { createServer } from 'node:http'
import { until } from '@ordinal/testing'
import { addressPolicy } from '../src/addresses'
import { createSend } from '../src/send'
import { close, listen } from './receiver'

const addresses = addressPolicy(['127.0.0.1'])
const long = { idleMs: 60_000, ageMs: 60_000, most: 4 }
let connections: Socket[]
let seen: string[]
let answer: string
let server: Server & ReturnType<typeof createServer>
let port: number
let opened: { close(): void }[]

beforeEach(async () => {
  connections = []
  seen = []
  answer = 'thanks'
  opened = []
  server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    request.resume().on('end', () => {
      seen.push(request.url!)
      response.end(answer)
    })
  })
  server.on('connection', (socket) => connections.push(socket))
  port = await listen(server)
})
afterEach(async () => {
  jest.restoreAllMocks()
  for (const each of opened) each.close()
  await close(server)
})

function open(keeping: Partial<typeof long> = {}) {
  const sending = createSend({ addresses, timeoutMs: 5_000, keeping: { ...long, ...keeping } })
  opened.push(sending)
  const deliver = (host = '127.0.0.1') =>
    sending.send({ url: `http://${host}:${port}/`, headers: {}, body: '{}' })
  return { deliver, close: sending.close }
}
const areOpen = () => connections.filter((socket) => !socket.destroyed).length

test('the next delivery to a receiver goes over the connection of the one before', async () => {
  const { deliver } = open()
  for (let n = 0; n < 5; n += 1) expect(await deliver()).toMatchObject({ status: 200, answer: 'thanks' })
  expect([connections.length, seen.length]).toEqual([1, 5])
})

test('of those that have nothing to do as many are kept as may be, for as long as they may be idle', async () => {
  const { deliver, close } = open({ most: 2, idleMs: 60_000 })
  await Promise.all([1, 2, 3, 4, 5].map(() => deliver()))
  expect(connections).toHaveLength(5)
  await until(() => areOpen() === 2)
  close()
  await open({ most: 2, idleMs: 300 }).deliver()
  await until(() => areOpen() === 0)
})

test('one that is too old serves no further delivery', async () => {
  const { deliver } = open({ ageMs: 0 })
  await deliver()
  await deliver()
  expect(connections).toHaveLength(2)
})

test('one whose answer was not read to its end is closed', async () => {
  answer = 'x'.repeat(2_000_000)
  const { deliver } = open()
  expect(await deliver()).toMatchObject({ status: 200 })
  await until(() => areOpen() === 0)
  expect(areOpen()).toBe(0)
  answer = 'thanks'
  await deliver()
  expect(connections).toHaveLength(2)
})

test('a stop closes all', async () => {
  const { deliver, close } = open()
  await Promise.all([deliver(), deliver()])
  close()
  await until(() => areOpen() === 0)
  expect(areOpen()).toBe(0)
})

test('a receiver that closes its end as the next delivery comes gets it over another connection, once', async () => {
  const { deliver } = open()
  await deliver()
  // Between two requests: what comes next on this one is reset.
  connections[0]!.removeAllListeners('data')
  connections[0]!.on('data', () => connections[0]!.resetAndDestroy())
  expect(await deliver()).toMatchObject({ status: 200 })
  expect([connections.length, seen.length]).toEqual([2, 2])
})

test('each is checked when it is made: a name that leads elsewhere since is refused when the next one is made', async () => {
  const lookup = jest.spyOn(dns, 'lookup')
  const leadTo = (address: string) =>
    lookup.mockImplementation(((_: string, __: object, done: (...of: unknown[]) => void) =>
      done(null, [{ address, family: 4 }])) as never)
  const { deliver } = open()
  leadTo('127.0.0.1')
  expect(await deliver('receiver.example')).toMatchObject({ status: 200 })
  leadTo('127.0.0.2')
  // Still to where the name led.
  expect(await deliver('receiver.example')).toMatchObject({ status: 200 })
  expect([connections.length, lookup.mock.calls.length]).toEqual([1, 1])
  // Closed when the other side has seen the end, too.
  connections[0]!.end()
  await until(() => areOpen() === 0)
  const { status, error } = await deliver('receiver.example')
  expect([status, error]).toEqual([undefined, 'ADDRESS_REFUSED: 127.0.0.2 is not a public address'])
  expect(seen).toHaveLength(2)
})
