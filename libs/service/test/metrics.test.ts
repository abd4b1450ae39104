import { randomUUID } from 'node:crypto'
import { createTestDatabase, until, type TestDatabase } from '@ordinal/testing'
import { slow } from './fake-routes'
import { startFakeService } from './fake-service'

let database: TestDatabase
let fake: Awaited<ReturnType<typeof startFakeService>>

beforeAll(async () => {
  database = await createTestDatabase()
  fake = await startFakeService(database.url)
})
afterAll(async () => {
  await fake.service.stop()
  await database.drop()
})

const scrape = async () => (await fake.api.get('/metrics')).body as string
/** The lines with a value, without the value. */
const seriesIn = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('fake_service_'))
    .map((line) => line.replace(/ \S+$/, ''))

test('ids and paths that nobody knows add no series', async () => {
  const ask = (path: string) => fake.api.get(path)
  const askAll = async () => {
    await ask('/api/v1/things/1')
    await ask('/api/v1/things/none')
    await ask('/api/v1/things/%zz')
    await ask('/nowhere')
  }
  await askAll()
  await scrape()
  const before = seriesIn(await scrape())
  for (let i = 0; i < 100; i++) {
    await ask(`/api/v1/things/${1 + Math.floor(Math.random() * 1e9)}`)
    await ask(`/api/v1/things/${randomUUID()}`)
    await ask(`/api/v1/things/%zz${i}`)
    await ask(`/${randomUUID()}`)
  }
  expect(seriesIn(await scrape())).toEqual(before)
  expect(before).toContain(
    'fake_service_requests_total{method="GET",route="/api/v1/things/{id}",status="200"}',
  )
  expect(before).toContain('fake_service_requests_total{method="GET",route="unmatched",status="404"}')
})

test('methods that nobody uses are counted as one', async () => {
  for (const method of ['PROPFIND', 'MKCOL', 'SEARCH'])
    await fake.api.request({ method, path: '/api/v1/things' })
  const methods = [...(await scrape()).matchAll(/requests_total\{method="(\w+)",route="\/api\/v1\/things",/g)]
  expect(methods.map(([, method]) => method)).toEqual(['other'])
})

test('a request is counted, timed, and counted as an error when it is one', async () => {
  const value = async (series: string) => {
    const line = (await scrape()).split('\n').find((line) => line.startsWith(`${series} `))
    return Number(line?.split(' ').at(-1) ?? 0)
  }
  const series = [
    'fake_service_requests_total{method="POST",route="/api/v1/things",status="201"}',
    'fake_service_request_duration_seconds_count{method="POST",route="/api/v1/things"}',
    'fake_service_errors_total{type="client_error"}',
    'fake_service_errors_total{type="server_error"}',
  ]
  const values = () => Promise.all(series.map(value))
  const before = await values()
  await fake.api.post('/api/v1/things', { name: 'nut', unit_price: 1 })
  await fake.api.post('/api/v1/things', { name: 'nut' })
  await fake.api.get('/api/v1/faults/unknown')
  const after = await values()
  expect(after.map((value, index) => value - before[index]!)).toEqual([1, 2, 1, 1])
  // The scrape itself is under way.
  expect(await value('fake_service_requests_in_flight')).toBe(1)
})

test('a client that goes away before the answer is counted as that, and not as served', async () => {
  const leaving = new AbortController()
  const gone = fetch(`${fake.url}/api/v1/slow/5000`, { signal: leaving.signal })
  await until(() => slow.underWay === 1)
  leaving.abort()
  await expect(gone).rejects.toThrow('aborted')
  const line = 'fake_service_requests_total{method="GET",route="/api/v1/slow/{ms}",status="499"} 1'
  await until(async () => (await scrape()).split('\n').includes(line))
})

test('/metrics is in the text format of Prometheus, with the pool and Node itself', async () => {
  const { headers, body } = await fake.api.get('/metrics')
  expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(body).toMatch(/^fake_service_db_pool_connections\{pool="main",state="total"\} \d+$/m)
  expect(body).toMatch(/^fake_service_db_pool_waiting\{pool="main"\} 0$/m)
  expect(body).toMatch(/^process_resident_memory_bytes \d+$/m)
  expect(body).toMatch(/^nodejs_eventloop_lag_seconds \S+$/m)
})

test('/metrics/db tells of the pool', async () => {
  await fake.api.get('/api/v1/rows')
  const { body } = await fake.api.get('/metrics/db')
  expect(body).toEqual({ total: expect.any(Number) as number, idle: body.total, waiting: 0, max: 4 })
  expect(body.total).toBeGreaterThanOrEqual(1)
})

test('a hundred that ask for metrics within a second share one text', async () => {
  const shared = await startFakeService(database.url, { metricsMaxAgeMs: 60_000 })
  try {
    const first = (await shared.api.get('/metrics')).body
    for (let n = 0; n < 3; n++) await shared.api.get('/api/v1/things/1')
    const answers = await Promise.all(Array.from({ length: 100 }, () => shared.api.get('/metrics')))
    expect(answers.every(({ body }) => body === first)).toBe(true)
  } finally {
    await shared.service.stop()
  }
})
