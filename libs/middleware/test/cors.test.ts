import { allowOrigins } from '../src'
import { answer, closeServers, serve } from './serve'

afterAll(closeServers)

const preflight = async (url: string, origin: string) => {
  const headers = {
    origin,
    'access-control-request-method': 'PATCH',
    'access-control-request-headers': 'content-type,idempotency-key,x-api-key',
  }
  return fetch(url, { method: 'OPTIONS', headers })
}

test('a page of an allowed origin may read the answer, and the headers that it needs', async () => {
  const { get } = await serve(() => [
    allowOrigins(['https://a.example.com', 'https://b.example.com']),
    answer,
  ])
  const { headers } = await get('/', { origin: 'https://b.example.com' })
  expect(headers.get('access-control-allow-origin')).toBe('https://b.example.com')
  const exposed = headers.get('access-control-expose-headers')!.split(',')
  expect(exposed).toEqual(
    expect.arrayContaining([
      'X-Request-Id',
      'Retry-After',
      'RateLimit-Remaining',
      'ETag',
      'Location',
      'Accept-Patch',
    ]),
  )
  expect(headers.get('vary')).toContain('Origin')
})

test.each(['https://evil.example.com', 'http://a.example.com', 'https://a.example.com.evil.com', 'null'])(
  'a page of the origin %s may not',
  async (origin) => {
    const { get, url } = await serve(() => [allowOrigins(['https://a.example.com']), answer])
    expect((await get('/', { origin })).headers.get('access-control-allow-origin')).toBeNull()
    expect((await preflight(url, origin)).headers.get('access-control-allow-origin')).toBeNull()
  },
)

test('a preflight is answered: methods, headers, and for how long', async () => {
  const { url } = await serve(() => [allowOrigins(['https://a.example.com']), answer])
  const { status, headers } = await preflight(url, 'https://a.example.com')
  expect(status).toBe(204)
  expect(headers.get('access-control-allow-origin')).toBe('https://a.example.com')
  expect(headers.get('access-control-allow-methods')).toContain('PATCH')
  expect(headers.get('access-control-allow-headers')).toBe('content-type,idempotency-key,x-api-key')
  expect(headers.get('access-control-max-age')).toBe('600')
})

test('an OPTIONS that is no preflight goes on to the routes, and a page may read their answer', async () => {
  const { url } = await serve(() => [allowOrigins(['https://a.example.com']), answer])
  const origin = 'https://a.example.com'
  const answered = await fetch(url, { method: 'OPTIONS', headers: { origin } })
  expect(answered.status).toBe(200)
  expect(answered.headers.get('access-control-allow-origin')).toBe(origin)
  expect(answered.headers.get('access-control-expose-headers')).toContain('Accept-Patch')
})

test('with * any page may, but never with the credentials of a browser', async () => {
  const { get } = await serve(() => [allowOrigins(['*']), answer])
  const { headers } = await get('/', { origin: 'https://anywhere.example.com' })
  expect(headers.get('access-control-allow-origin')).toBe('*')
  expect(headers.get('access-control-allow-credentials')).toBeNull()
})
