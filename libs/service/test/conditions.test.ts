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

const path = '/api/v1/things/7'
const ask = (method: string, path: string, headers: Record<string, string>, body?: object) =>
  fake.api.request({ method, path, headers, body })

test('what the caller has already is 304 without a body, by GET and by HEAD', async () => {
  for (const method of ['GET', 'HEAD']) {
    const { status, headers, body } = await ask(method, path, { 'if-none-match': 'W/"2"' })
    expect([status, headers.get('etag'), headers.get('content-type'), body]).toEqual([304, '"2"', null, ''])
    expect((await ask(method, path, { 'if-none-match': '"1"' })).status).toBe(200)
  }
})

test('an answer of another version than the one that is required is 412', async () => {
  expect((await ask('GET', path, { 'if-match': '"2"' })).status).toBe(200)
  const { status, body } = await ask('GET', path, { 'if-match': '"1"' })
  expect([status, body.code]).toEqual([412, 'version_mismatch'])
})

const thing = { name: 'thing', unit_price: 1 }
test.each<[string, string, string, object | undefined]>([
  ['If-Match', 'POST', '/api/v1/things', thing],
  ['If-None-Match', 'POST', '/api/v1/things', thing],
  ['If-Unmodified-Since', 'POST', '/api/v1/things', thing],
  ['If-None-Match', 'DELETE', path, undefined],
  ['If-Unmodified-Since', 'DELETE', path, undefined],
  ['If-Match', 'GET', '/api/v1/things', undefined],
  ['If-Unmodified-Since', 'GET', '/api/v1/next/SG', undefined],
  ['If-Match', 'GET', '/api/v1/next/SG', undefined],
  ['If-None-Match', 'GET', '/api/v1/next/SG', undefined],
  ['If-Match', 'POST', '/api/v1/next/SG', {}],
])('%s on %s %s is refused, since it is not evaluated', async (name, method, path, body) => {
  for (const value of ['*', '"1"', '']) {
    const answer = await ask(method, path, { [name]: value }, body)
    expect([answer.status, answer.body.code]).toEqual([400, 'condition_not_supported'])
    expect(answer.body.detail).toContain(`does not evaluate ${name}`)
  }
})

test('If-Unmodified-Since is ignored beside If-Match, and where nothing is changed', async () => {
  const condition = { 'if-unmodified-since': 'Sun, 29 Nov 2026 08:00:00 GMT' }
  for (const read of [path, '/api/v1/things'])
    for (const method of ['GET', 'HEAD']) expect((await ask(method, read, condition)).status).toBe(200)
  expect((await ask('GET', path, { ...condition, 'if-match': '"2"' })).status).toBe(200)
  expect((await ask('GET', path, { ...condition, 'if-match': '"1"' })).status).toBe(412)
  expect((await ask('DELETE', path, { ...condition, 'if-match': '"2"' })).status).toBe(204)
  const { status, body } = await ask('POST', '/api/v1/things', { ...condition, 'if-match': '"2"' }, thing)
  expect([status, body.detail]).toEqual([400, 'POST /api/v1/things does not evaluate If-Match'])
})

test('a condition for caches is ignored where an answer has no tag: the whole answer is right', async () => {
  for (const name of ['If-None-Match', 'If-Modified-Since'])
    expect((await ask('GET', '/api/v1/things', { [name]: '"1"' })).status).toBe(200)
})
