import { once } from 'node:events'
import { connect } from 'node:net'
import { createTestDatabase, until, type TestDatabase } from '@ordinal/testing'
import { startFakeService } from './fake-service'

let database: TestDatabase
let served: Awaited<ReturnType<typeof startFakeService>>
beforeAll(async () => {
  database = await createTestDatabase()
  served = await startFakeService(database.url)
})
afterAll(async () => {
  await served.service.stop()
  await database.drop()
})

const flood = 500
// What a second has a line each of. Each second of a flood but the last ends with a count.
const mostOfSecond = 20

/** Sends a request many times on one connection, and reads all answers. */
async function send(head: string, body = ''): Promise<void> {
  const socket = connect(served.port, '127.0.0.1')
  const request = `${head}\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  let received = ''
  socket.on('data', (chunk) => (received += chunk.toString('latin1')))
  socket.write(request.repeat(flood))
  await until(() => received.split('HTTP/1.1 ').length > flood)
  socket.destroy()
}

const entries = () => served.logged.entries
/** How many lines have a kind, and how many more of it are counted in others. */
function written(is: (entry: Record<string, unknown>) => boolean, counted: string) {
  const sums = served.logged.of(counted).map(({ count, codes }) => ({ count, codes }))
  return { lines: entries().filter(is).length, sums }
}
const total = (sums: readonly { count: unknown }[]) => sums.reduce((sum, { count }) => sum + Number(count), 0)

async function countedByMetrics(status: number): Promise<number> {
  const text = await (await fetch(`${served.url}/metrics`)).text()
  return [...text.matchAll(/fake_service_requests_total\{([^}]*)\} (\d+)/g)]
    .filter(([, labels]) => labels!.includes(`status="${status}"`))
    .reduce((sum, [, , count]) => sum + Number(count), 0)
}

test.each([
  ['bodies that are wrong', 'POST /api/v1/things HTTP/1.1', '{', 400],
  ['paths that do not exist', 'GET /no/such/path HTTP/1.1', '', 404],
])(
  '%s: some lines a second, and a count of the others; the metrics have all',
  async (_what, head, body, status) => {
    served.logged.entries.length = 0
    await send(head, body)
    const isRefused = (entry: Record<string, unknown>) =>
      entry.message === 'request' && entry.status === status
    await until(() => {
      const { lines, sums } = written(isRefused, 'requests refused')
      return lines + total(sums) === flood
    })
    const { lines, sums } = written(isRefused, 'requests refused')
    expect(lines).toBeGreaterThan(0)
    expect(lines).toBeLessThanOrEqual(mostOfSecond * (sums.length + 1))
    await until(async () => (await countedByMetrics(status)) === flood)
  },
)

test.each([
  ['faults of ours', 'fault', 'error', 'Error'],
  ['what another service does not answer', 'known', 'warn', 'user_service_unavailable'],
])('%s: some stacks a second, and a count of the others', async (_what, kind, level, code) => {
  served.logged.entries.length = 0
  await send(`GET /api/v1/faults/${kind} HTTP/1.1`)
  const isFailure = (entry: Record<string, unknown>) => entry.message === 'request failed'
  await until(() => {
    const { lines, sums } = written(isFailure, 'more lines of a kind')
    return lines + total(sums) === flood
  })
  const { lines, sums } = written(isFailure, 'more lines of a kind')
  expect(lines).toBeLessThanOrEqual(mostOfSecond * (sums.length + 1))
  expect(served.logged.of('more lines of a kind')[0]).toMatchObject({ level, of: 'request failed', code })
})

test('what is no HTTP: some lines a second, and a count of the others', async () => {
  served.logged.entries.length = 0
  await Promise.all(
    Array.from({ length: flood }, async () => {
      const socket = connect(served.port, '127.0.0.1').on('error', () => {})
      socket.write('no http at all\r\n\r\n')
      socket.resume()
      await once(socket, 'close')
    }),
  )
  const isUnreadable = (entry: Record<string, unknown>) => entry.message === 'a request could not be read'
  await until(() => {
    const { lines, sums } = written(isUnreadable, 'requests refused')
    return lines + total(sums) === flood
  })
  const { lines, sums } = written(isUnreadable, 'requests refused')
  expect(lines).toBeLessThanOrEqual(mostOfSecond * (sums.length + 1))
})

test('a flood of one kind hides no line of another', async () => {
  served.logged.entries.length = 0
  await send('GET /no/such/path HTTP/1.1')
  const { status } = await served.api.get('/api/v1/faults/known')
  expect(status).toBe(503)
  await until(() => entries().some((entry) => entry.message === 'request' && entry.status === 503))
  expect(served.logged.of('request failed')).toHaveLength(1)
})
