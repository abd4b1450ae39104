import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import { startFakeService } from './fake-service'
import { openSocket } from './raw-socket'

let database: TestDatabase
let fake: Awaited<ReturnType<typeof startFakeService>>

beforeAll(async () => {
  database = await createTestDatabase()
  fake = await startFakeService(database.url, {
    corsOrigins: ['https://app.example.com'],
    debugPort: 0,
  })
})
afterAll(async () => {
  await fake.service.stop()
  await database.drop()
})

type Headers = Record<string, string>

/** The status and the code of a request with these headers and no others. */
async function ask(method: string, path: string, headers: Headers, body = '', port = fake.port) {
  const socket = await openSocket(port)
  const all = { Host: 'numbers:8081', Connection: 'close', 'Content-Length': String(body.length), ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  socket.send(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
  const received = await socket.ended()
  return [Number(received.slice(9, 12)), /"code":"(\w+)"/.exec(received)?.[1]]
}
const issue = '/api/v1/next/SG'
const browser = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0' }
const json = { 'Content-Type': 'application/json' }
const thing = '{"name":"nut","unit_price":1}'
const refused = [403, 'cross_site_request']

// What a browser sends for a page of another site, by where it sends it and how.
const strange: [string, Headers][] = [
  ['cross-site', { 'Sec-Fetch-Site': 'cross-site' }],
  ['of the same site, with another origin', { 'Sec-Fetch-Site': 'same-site' }],
  ['a site that is not known', { 'Sec-Fetch-Site': 'elsewhere' }],
  ['an image', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' }],
  ['a link', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-User': '?1' }],
  ['an origin', { Origin: 'http://evil.example' }],
  ['no origin', { Origin: 'null' }],
  ['the same name on another port', { Origin: 'http://numbers:3000' }],
  ['an origin that begins like one that may', { Origin: 'https://app.example.com.evil.example' }],
  ['one that may, over http', { Origin: 'http://app.example.com' }],
  ['a referrer', { Referer: 'http://evil.example/page' }],
  ['a referrer that names us', { Referer: 'http://evil.example/?http://numbers:8081/' }],
  ['a referrer that is none', { Referer: 'numbers:8081' }],
  [
    'its own origin, and a site that is not',
    { Origin: 'http://numbers:8081', 'Sec-Fetch-Site': 'cross-site' },
  ],
]

test.each(strange)('a page of another site gets nothing done: %s', async (_, headers) => {
  for (const more of [{}, browser]) {
    expect(await ask('GET', issue, { ...headers, ...more })).toEqual(refused)
    expect(await ask('POST', issue, { ...headers, ...more })).toEqual(refused)
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded'])
      expect(
        await ask('POST', '/api/v1/things', { ...headers, ...more, 'Content-Type': type }, thing),
      ).toEqual(refused)
    expect(await ask('DELETE', '/api/v1/things/1', { ...headers, ...more })).toEqual(refused)
    expect(await ask('PUT', '/api/v1/things/1', { ...headers, ...more, ...json }, thing)).toEqual(refused)
  }
})

test.each([
  ['prefetched', { 'Sec-Purpose': 'prefetch', 'Sec-Fetch-Site': 'none' }],
  ['prerendered', { 'Sec-Purpose': 'prefetch;prerender', 'Sec-Fetch-Site': 'same-origin' }],
  ['prefetched by an older one', { Purpose: 'prefetch' }],
  ['previewed', { 'X-Purpose': 'preview' }],
  ['prefetched by Firefox', { 'X-moz': 'prefetch' }],
])('a browser issues nothing ahead of its user: %s', async (_, headers) => {
  expect(await ask('GET', issue, headers)).toEqual(refused)
})

test('a browser that does not say for which site, as over http in a network, issues nothing by GET', async () => {
  expect(await ask('GET', issue, browser)).toEqual(refused)
  expect(await ask('GET', issue, { ...browser, Accept: 'image/avif,image/*,*/*;q=0.8' })).toEqual(refused)
})

test.each<[string, Headers]>([
  ['a program', {}],
  ['curl', { 'User-Agent': 'curl/8.5.0', Accept: '*/*' }],
  ['PowerShell', { 'User-Agent': 'Mozilla/5.0 (Windows NT 10.0) WindowsPowerShell/5.1.22621' }],
  ['Node', { 'User-Agent': 'node', 'Sec-Fetch-Mode': 'cors' }],
  ['what is typed into the address bar', { ...browser, 'Sec-Fetch-Site': 'none' }],
  ['a page of the service', { ...browser, 'Sec-Fetch-Site': 'same-origin' }],
  ['a page that may call', { ...browser, Origin: 'https://app.example.com', 'Sec-Fetch-Site': 'cross-site' }],
])('%s gets its number', async (_, headers) => {
  expect(await ask('GET', issue, headers)).toEqual([200, undefined])
  expect(await ask('POST', issue, headers)).toEqual([200, undefined])
  expect(await ask('POST', '/api/v1/things', { ...headers, ...json }, thing)).toEqual([201, undefined])
})

test('a page of the service that a browser does not vouch for is known by its origin', async () => {
  const own = { ...browser, Origin: 'http://numbers:8081', Referer: 'http://numbers:8081/docs' }
  expect(await ask('POST', '/api/v1/things', { ...own, ...json }, thing)).toEqual([201, undefined])
  expect(await ask('POST', '/api/v1/things', { ...own, ...json, Host: 'numbers' }, thing)).toEqual(refused)
})

test('what only reads is for the rules of browsers, and HEAD issues nothing anyway', async () => {
  expect(await ask('GET', '/api/v1/things', { Origin: 'http://evil.example' })).toEqual([200, undefined])
  expect((await ask('HEAD', issue, { 'Sec-Fetch-Site': 'cross-site' }))[0]).toBe(405)
})

test('no page of another site slows the service down by taking profiles of it', async () => {
  const [{ port }] = fake.logged.of('debug listener') as unknown as [{ port: number }]
  const path = '/debug/pprof/profile?seconds=1'
  expect(await ask('GET', path, { 'Sec-Fetch-Site': 'cross-site' }, '', port)).toEqual(refused)
  expect(await ask('GET', path, { Referer: 'http://evil.example/' }, '', port)).toEqual(refused)
  expect((await ask('GET', '/debug/pprof/', { 'Sec-Fetch-Site': 'none' }, '', port))[0]).toBe(200)
})
