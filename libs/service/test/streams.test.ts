import { setTimeout as delay } from 'node:timers/promises'
import { createTestDatabase, until, type TestDatabase } from '@ordinal/testing'
import { streams } from './fake-routes'
import { startFakeService } from './fake-service'
import { openSocket } from './raw-socket'

let database: TestDatabase
let fake: Awaited<ReturnType<typeof startFakeService>>

beforeAll(async () => {
  database = await createTestDatabase()
})
beforeEach(async () => {
  Object.assign(streams, { made: 0, ended: 0, open: 0 })
  fake = await startFakeService(database.url, { shutdownTimeoutMs: 60_000 })
})
afterEach(() => fake.service.stop())
afterAll(() => database.drop())

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

test('an answer in pieces arrives whole, in one of the media types that the route has', async () => {
  const csv = await fake.api.get('/api/v1/streams/lines')
  const ndjson = await fake.api.get('/api/v1/streams/ndjson')
  expect([csv.body, ndjson.body]).toEqual(['{"n":1}\n{"n":2}\n{"n":3}\n', csv.body])
  expect([csv.headers.get('content-type'), ndjson.headers.get('content-type')]).toEqual([
    'text/csv; charset=utf-8',
    'application/x-ndjson',
  ])
})

test('what fails before its first piece is a problem', async () => {
  const { status, body } = await fake.api.get('/api/v1/streams/broken')
  expect([status, body.code]).toEqual([500, 'internal_error'])
})

test('what fails in the middle is cut off, so that nobody takes it for the whole, and logged', async () => {
  const answer = await fetch(`${fake.url}/api/v1/streams/cut`)
  await expect(answer.text()).rejects.toThrow('terminated')
  await until(() => fake.logged.of('request failed').length > 0)
  expect(fake.logged.of('request failed')).toHaveLength(1)
})

test('a client that reads nothing is sent no more than fits the buffers; when it goes, the stream ends', async () => {
  const client = await openSocket(fake.port)
  client.pause()
  client.send(get('/api/v1/streams/endless'))
  await until(async () => {
    const before = streams.made
    await delay(200)
    return before > 0 && streams.made === before
  })
  // The buffers of a connection hold a few megabytes, and without a bound there would be no end.
  expect([streams.made < 5_000, streams.ended]).toEqual([true, 0])
  client.destroy()
  await until(() => streams.ended === 1)
  expect(streams.ended).toBe(1)
  // That is the client's affair, and no failure of ours.
  expect(fake.logged.of('request failed')).toEqual([])
})

test('HEAD gets the headers, and the stream is not made', async () => {
  const head = await fake.api.request({ method: 'HEAD', path: '/api/v1/streams/endless' })
  expect([head.status, streams.made]).toEqual([200, 0])
})

test('a stream without an end ends as soon as the service stops; one with an end is sent to its end', async () => {
  const live = await fetch(`${fake.url}/api/v1/live`)
  expect(streams.open).toBe(1)
  const started = performance.now()
  await fake.service.stop()
  expect(await live.text()).toBe(': first\n\n')
  expect(streams.open).toBe(0)
  // Not at the deadline of a minute.
  expect(performance.now() - started).toBeLessThan(30_000)
})

test('the time of a stream is that to its first piece', async () => {
  const live = await fetch(`${fake.url}/api/v1/live`)
  await delay(3_000)
  await live.body!.cancel()
  await until(async () => String((await fake.api.get('/metrics')).body).includes('/api/v1/live'))
  const { body } = await fake.api.get('/metrics')
  expect(body).toMatch(/duration_seconds_bucket\{le="2.5",method="GET",route="\/api\/v1\/live"\} 1/)
})
