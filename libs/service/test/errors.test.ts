import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import { fakeErrors } from './fake-routes'
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
beforeEach(() => void fake.logged.entries.splice(0))

test('an unexpected error is 500, tells its request id and nothing of what happened', async () => {
  const { status, headers, body } = await fake.api.get('/api/v1/faults/unknown')
  expect([status, body.code]).toEqual([500, 'internal_error'])
  expect(body.detail).toBe(`An unexpected fault was logged as ${body.request_id}`)
  const everything = JSON.stringify([body, ...headers])
  for (const internal of ['secret', 'passwd', 'cause', 'db.internal', '.ts', 'node_modules']) {
    expect(everything).not.toContain(internal)
  }
})

test('an unexpected error is logged once, with its stack and its cause, under the request id', async () => {
  const { body } = await fake.api.get('/api/v1/faults/unknown')
  const [entry, ...more] = fake.logged.of('request failed')
  expect(more).toEqual([])
  expect(entry).toMatchObject({
    level: 'error',
    request_id: body.request_id,
    route: '/api/v1/faults/{kind}',
    error: {
      message: 'the secret of /etc/passwd',
      stack: expect.stringContaining('fake-routes') as string,
      cause: { message: 'the cause at db.internal' },
    },
  })
})

test('an AppError is answered with its own status and Retry-After', async () => {
  const { status, headers, body } = await fake.api.get('/api/v1/faults/known')
  expect([status, body.code, body.detail]).toEqual([503, 'user_service_unavailable', 'Not now'])
  expect(headers.get('retry-after')).toBe('7')
})

test('an error of the caller is not logged as one of ours', async () => {
  await fake.api.get('/api/v1/things/abc')
  expect(fake.logged.of('request failed')).toEqual([])
})

test("the status of another service's answer is not taken for that of ours", async () => {
  const { status, body } = await fake.api.get('/api/v1/faults/of-another-service')
  expect([status, body.code]).toEqual([500, 'internal_error'])
})

test('something thrown that is no error is 500 all the same', async () => {
  expect((await fake.api.get('/api/v1/faults/no-error')).status).toBe(500)
  expect(fake.logged.of('request failed')[0]).toMatchObject({ error: 'a text' })
})

test('no error is kept in a cache', async () => {
  for (const path of ['/nowhere', '/api/v1/things/abc', '/api/v1/faults/unknown']) {
    expect((await fake.api.get(path)).headers.get('cache-control')).toBe('no-store')
  }
})

test.each(Object.entries(fakeErrors))('/errors/%s says what it means', async (code, kind) => {
  const { status, body } = await fake.api.get(`/errors/${code}`)
  expect(status).toBe(200)
  const { title, cause, remedy } = kind
  for (const text of [title, cause, remedy]) expect(unescaped(body as string)).toContain(text)
  expect(body).toContain(`HTTP ${kind.status}`)
})

test.each(['nothing', 'constructor', '__proto__', '%3Cscript%3E'])('/errors/%s is 404', async (code) => {
  const { status, body } = await fake.api.get(`/errors/${code}`)
  expect([status, body.code]).toEqual([404, 'route_not_found'])
})

const unescaped = (html: string) =>
  html.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')
