import { securityHeaders } from '../src'
import { answer, closeServers, serve } from './serve'

afterAll(closeServers)

test('every answer, and every error, has the headers that keep a browser from mischief', async () => {
  const { get } = await serve(() => [
    securityHeaders(),
    (req, res, next) => (req.path === '/' ? answer(req, res, next) : next()),
  ])
  for (const path of ['/', '/nowhere']) {
    const { headers } = await get(path)
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy':
        "default-src 'self';img-src 'self' data:;style-src 'self' 'unsafe-inline';frame-ancestors 'none';base-uri 'none';object-src 'none'",
    })
    expect(headers.get('strict-transport-security')).toBeNull()
  }
})
