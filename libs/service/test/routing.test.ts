import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
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

test('a path that no route has is 404', async () => {
  const { status, body } = await fake.api.get('/api/v1/nothing')
  expect([status, body.code]).toEqual([404, 'route_not_found'])
})

test.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
  '%s where only other methods are is 405, and says which',
  async (method) => {
    const { status, headers, body } = await fake.api.request({ method, path: '/api/v1/things' })
    expect([status, body.code]).toEqual([405, 'method_not_allowed'])
    expect(headers.get('allow')).toBe('GET, HEAD, POST')
  },
)

test('HEAD is answered as GET is, without the body', async () => {
  const head = await fake.api.request({ method: 'HEAD', path: '/api/v1/things/7' })
  const get = await fake.api.get('/api/v1/things/7')
  expect([head.status, head.body]).toEqual([200, ''])
  expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'))
})

test('HEAD never issues: where GET would, it is refused', async () => {
  const before = await fake.api.get('/api/v1/next/SG')
  const head = await fake.api.request({ method: 'HEAD', path: '/api/v1/next/SG' })
  expect([head.status, head.headers.get('allow')]).toEqual([405, 'GET, POST'])
  const after = await fake.api.post('/api/v1/next/SG')
  expect(after.body.counter).toBe(before.body.counter + 1)
})

test('what issues is kept in no cache', async () => {
  for (const method of ['GET', 'POST']) {
    const { headers } = await fake.api.request({ method, path: '/api/v1/next/SG' })
    expect(headers.get('cache-control')).toBe('no-store')
  }
})

test('upper and lower case of a path make a difference', async () => {
  expect((await fake.api.get('/API/v1/things')).status).toBe(404)
})

test.each(['abc', '0', '-1', '1.5', '1e3', '0x10', '007', '%00', '9007199254740992', '99999999999999999999'])(
  'an id of %s is 400',
  async (id) => {
    const { status, body } = await fake.api.get(`/api/v1/things/${id}`)
    expect([status, body.code]).toEqual([400, 'invalid_id'])
  },
)

test('the largest id that JSON can carry is one', async () => {
  expect((await fake.api.get('/api/v1/things/9007199254740991')).body.id).toBe(Number.MAX_SAFE_INTEGER)
})

test.each(['%', '%z', '%zz', '%c3%28', '%ff'])('a path with %s cannot be read, and is 400', async (part) => {
  const { status, body } = await fake.api.get(`/api/v1/things/${part}`)
  expect([status, body.code]).toEqual([400, 'malformed_url'])
})

test('a 204 has neither body nor media type', async () => {
  const { status, headers, body } = await fake.api.delete('/api/v1/things/7')
  expect([status, headers.get('content-type'), body]).toEqual([204, null, ''])
})

test('nothing tells what the service is made with', async () => {
  const { headers } = await fake.api.get('/api/v1/things')
  expect(headers.get('x-powered-by')).toBeNull()
  expect(headers.get('server')).toBeNull()
})
