import fc from 'fast-check'
import { forwardedBasePath, plainBasePath, withoutBasePath } from '../src/base-path'

test.each([
  ['/numbers', '/numbers'],
  ['/numbers/', '/numbers'],
  [' /numbers ', '/numbers'],
  ['/a/b-c_d.e~1', '/a/b-c_d.e~1'],
  ['/..a/.b', '/..a/.b'],
  ['/', ''],
  ['', ''],
])('%j is the path %j', (written, path) => expect(plainBasePath(written)).toBe(path))

const hostile = [
  'numbers',
  '//evil.example.com',
  '/a//b',
  '//',
  '/a//',
  '/..',
  '/a/../b',
  '/./a',
  '/a/%2e%2e',
  'https://evil.example.com',
  '/\\evil.example.com',
  '/a\r\nSet-Cookie: a=b',
  '/a\0',
  '/a b',
  '/a"onload="',
  '/<script>',
  '/a?b',
  '/a#b',
  '/é',
  `/${'a'.repeat(200)}`,
]
test.each(hostile)('%j is no path', (text) => expect(plainBasePath(text)).toBeUndefined())

test.each<[string, string | undefined, number, string | undefined]>([
  ['nobody is believed', '/forged', 0, undefined],
  [
    'one proxy is: what it appended counts, and not what the client made up',
    '/forged, /numbers',
    1,
    '/numbers',
  ],
  ['two have taken away a path each', '/forged, /outer/, /inner', 2, '/outer/inner'],
  ['fewer than are believed have said something', '/numbers', 3, '/numbers'],
  ['a proxy says that it is at the root', '/', 1, ''],
  ['one of two says what is no path', '/outer, //evil', 2, undefined],
  ['the header is missing', undefined, 1, undefined],
  ['the header is empty', ' ', 1, undefined],
  ['both together are too long', `/${'a'.repeat(150)}, /${'b'.repeat(150)}`, 2, undefined],
])('the path where %s', (_case, forwarded, proxies, path) => {
  expect(forwardedBasePath(forwarded, proxies)).toBe(path)
})

test('whatever a header says, nothing comes of it that leads to another place or ends a header', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc
      .array(fc.constantFrom('/', '//', '..', '.', 'a', '%2f', '\\', ':', 'http:', '@', '\n', ',', ' '))
      .map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(text, fc.nat(3), (forwarded, proxies) => {
      const path = forwardedBasePath(forwarded, proxies)
      if (path === undefined) return
      const url = new URL(`${path}/docs`, 'http://service.example.com')
      expect(url.href).toBe(`http://service.example.com${path}/docs`)
      expect(path.length).toBeLessThanOrEqual(200)
    }),
  )
})

const own = (path: string) => path === '/api/v1/users'

test.each([
  ['/numbers/health?a=/numbers/b', '/health?a=/numbers/b'],
  ['/numbers', '/'],
  ['/numbers?a=1', '/?a=1'],
  ['/numbers/', '/'],
  ['/numbers/numbers/x', '/numbers/x'],
  ['/health', '/health'],
  ['/numbersandmore', '/numbersandmore'],
  ['/Numbers/health', '/Numbers/health'],
  ['/health?/numbers/', '/health?/numbers/'],
  ['http://localhost:8081/numbers/health', 'http://localhost:8081/health'],
  ['http://numbers/health', 'http://numbers/health'],
  ['*', '*'],
])('%s without /numbers is %s', (url, rest) => expect(withoutBasePath(url, '/numbers', own)).toBe(rest))

test.each([
  ['/api/v1/users', '/api/v1/users'],
  ['/api/v1/users?page=2', '/api/v1/users?page=2'],
  ['/api/api/v1/users', '/api/v1/users'],
  ['/api/docs', '/docs'],
])('%s without /api, which our own paths begin with, is %s', (url, rest) => {
  expect(withoutBasePath(url, '/api', own)).toBe(rest)
})
