import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { newConnection } from '../src/server/connection'
import { createPipelines } from '../src/server/pipeline'
import { createReading } from '../src/server/reading'

/** Requests that arrive at once, each on a connection of its own, and the order in which they begin. */
function burst(count: number) {
  const pipelines = createPipelines(
    createReading(
      () => {},
      () => {},
    ),
    () => 0,
  )
  const begun: number[] = []
  const arrive = (n: number) => {
    const connection = newConnection(new Socket(), n)
    pipelines.enter(connection, () => void begun.push(n))
    return connection
  }
  const connections = from(1, count).map(arrive)
  return { pipelines, begun, arrive, connections }
}
const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n)

afterEach(() => void jest.restoreAllMocks())

test('of many requests that arrive at once some begin in each turn of the event loop, in their order', async () => {
  // None waits too long, however long the machine pauses between two turns.
  jest.spyOn(performance, 'now').mockReturnValue(0)
  const { begun } = burst(40)
  expect(begun).toEqual(from(1, 16))
  await turn()
  expect(begun).toEqual(from(1, 32))
  await turn()
  expect(begun).toEqual(from(1, 40))
})

test('a connection whose request waits is paused once it sends more, and only then', () => {
  const reading = createReading(
    () => {},
    () => {},
  )
  const pipelines = createPipelines(reading, () => 0)
  const begun = jest.fn()
  const connections = from(1, 20).map((n) => {
    const connection = newConnection(new Socket().on('data', begin), n)
    function begin() {
      pipelines.enter(connection, begun)
    }
    reading.takeOver(connection)
    connection.socket.emit('data', Buffer.from('a request'))
    return connection
  })
  expect(begun).toHaveBeenCalledTimes(16)
  expect(connections.map(({ socket }) => socket.isPaused())).toEqual(Array(20).fill(false))
  const { socket, unparsed } = connections[19]!
  expect(unparsed).toBeUndefined()
  socket.emit('data', Buffer.from('another'))
  expect(socket.isPaused()).toBe(true)
  // It waits as bytes.
  expect(connections[19]!.unparsed?.toString()).toBe('another')
})

test('once they wait too long, the newest begins in turn with the oldest, and each has its turn', async () => {
  const { begun, arrive } = burst(40)
  const blockedUntil = performance.now() + 150
  while (performance.now() < blockedUntil);
  arrive(41)
  await turn()
  expect(begun.slice(0, 20)).toEqual([...from(1, 16), 41, 17, 40, 18])
  while (begun.length < 41) await turn()
  expect(begun.toSorted((one, other) => one - other)).toEqual(from(1, 41))
})

test('those whose connection has closed wait no longer', () => {
  const { pipelines, connections } = burst(40)
  expect(pipelines.fresh()).toBe(24)
  for (const connection of connections) pipelines.forget(connection)
  expect(pipelines.fresh()).toBe(0)
})

test('bodies that take long to parse leave time to others in each turn, and are parsed to their end', async () => {
  const reading = createReading(
    () => {},
    (connection) => pipelines.postpone(connection),
  )
  const pipelines = createPipelines(reading, () => 0)
  let pieces = 0
  const parse = () => {
    pieces += 1
    const until = performance.now() + 0.5
    while (performance.now() < until);
  }
  for (const n of from(1, 10)) {
    const connection = newConnection(new Socket().on('data', parse), n)
    connection.latest = { req: { complete: false } } as ServerResponse
    reading.takeOver(connection)
    connection.socket.emit('data', Buffer.alloc(65_536))
  }
  // 2 ms, and the piece that goes beyond them.
  expect(pieces).toBeLessThanOrEqual(5)
  for (let before = pieces; before < 640; before = pieces) {
    await turn()
    expect(pieces - before).toBeGreaterThan(0)
    // One more for each of those whose turn it was.
    expect(pieces - before).toBeLessThanOrEqual(7)
  }
  expect(pieces).toBe(640)
})
