import { createHash } from 'node:crypto'
import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import { startFakeService } from './fake-service'

const key = 'k'.repeat(43)
const apiKeys = [{ id: 'order-service', sha256: createHash('sha256').update(key).digest() }]

let database: TestDatabase
let fake: Awaited<ReturnType<typeof startFakeService>>

beforeAll(async () => {
  database = await createTestDatabase()
  fake = await startFakeService(database.url, {
    rateLimit: 2,
    apiKeys,
    corsOrigins: ['https://app.example.com'],
  })
})
afterAll(async () => {
  await fake.service.stop()
  await database.drop()
})

const ask = (path: string, headers?: Record<string, string>) => fake.api.get(path, { headers })
const askOften = (path: string, headers?: Record<string, string>) =>
  Promise.all(Array.from({ length: 20 }, () => ask(path, headers)))

test('probes and scrapes are neither limited nor logged', async () => {
  for (const path of ['/health', '/health/live', '/health/ready', '/metrics', '/metrics/db']) {
    const answers = await askOften(path)
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
  }
  expect(fake.logged.of('request')).toEqual([])
})

test('a caller with a key is not limited, and is named in the log without its key', async () => {
  const answers = await askOften('/api/v1/things/7', { 'X-API-Key': key })
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
  const logged = fake.logged.of('request')
  expect(new Set(logged.map(({ caller }) => caller))).toEqual(new Set(['order-service']))
  expect(JSON.stringify(logged)).not.toContain(key)
})

test('a wrong key is answered with 401, on routes and off them, and guesses count against the limit', async () => {
  const { service, api } = await startFakeService(database.url, { rateLimit: 2, apiKeys })
  const guess = (path: string) => api.get(path, { headers: { 'X-API-Key': 'wrong' } })
  for (const path of ['/api/v1/things/7', '/nowhere']) {
    const { status, body } = await guess(path)
    expect([status, body.code]).toEqual([401, 'invalid_api_key'])
  }
  const guesses = await Promise.all(Array.from({ length: 20 }, () => guess('/nowhere')))
  expect(guesses.some(({ body }) => body.code === 'rate_limited')).toBe(true)
  await service.stop()
})

test('any other caller is limited, paths that are nowhere included', async () => {
  let answers: Awaited<ReturnType<typeof askOften>>
  let tookMs: number
  let tries = 0
  // A machine that is busy with other work may need more than a second: then once more.
  do {
    const { service, api } = await startFakeService(database.url, { rateLimit: 2, apiKeys })
    const startedAt = performance.now()
    answers = await Promise.all(Array.from({ length: 20 }, () => api.get('/nowhere')))
    tookMs = performance.now() - startedAt
    await service.stop()
    tries += 1
  } while (tookMs > 900 && tries < 20)
  const statuses = answers.map(({ status }) => status)
  // Two a second, and a burst of four.
  expect(statuses.filter((status) => status === 404)).toHaveLength(6)
  const refused = answers.find(({ status }) => status === 429)!
  expect(refused.body.code).toBe('rate_limited')
  expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
  expect(answers.every(({ headers }) => headers.has('ratelimit-remaining'))).toBe(true)
})

test('a refusal before routing is counted and logged under the route that was meant', async () => {
  const { service, api, logged } = await startFakeService(database.url, { rateLimit: 2, apiKeys })
  const get = (path: string, headers = {}) => api.get(path, { headers })
  await get('/api/v1/things/7', { 'X-API-Key': 'wrong' })
  // More than the limit and its burst, and fewer refusals than are logged one by one.
  const five = [1, 2, 3, 4, 5]
  await Promise.all([
    ...[...five, ...five].map((id) => get(`/api/v1/things/${id}`)),
    ...five.map(() => api.request({ method: 'HEAD', path: '/api/v1/things/' })),
    ...five.map(() => get('/nowhere')),
  ])
  const counted = (await get('/metrics')).body as unknown as string
  for (const [method, route, status] of [
    ['GET', '/api/v1/things/{id}', 401],
    ['GET', '/api/v1/things/{id}', 429],
    ['HEAD', '/api/v1/things', 429],
    ['GET', 'unmatched', 429],
  ])
    expect(counted).toContain(
      `fake_service_requests_total{method="${method}",route="${route}",status="${status}"}`,
    )
  await service.stop()
  const refused = logged.of('request').filter(({ status }) => status === 429)
  expect(new Set(refused.map(({ route }) => route))).toEqual(
    new Set(['/api/v1/things/{id}', '/api/v1/things', 'unmatched']),
  )
})

test('a page of an allowed origin may read every answer, refusals too', async () => {
  const answers = await askOften('/nowhere', { Origin: 'https://app.example.com' })
  expect(answers.some(({ status }) => status === 429)).toBe(true)
  const allowed = answers.map(({ headers }) => headers.get('access-control-allow-origin'))
  expect(new Set(allowed)).toEqual(new Set(['https://app.example.com']))
})
