import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import type { HttpSettings } from '@ordinal/http'
import { startFakeService } from './fake-service'
import { openSocket } from './raw-socket'

type Fake = Awaited<ReturnType<typeof startFakeService>>

let database: TestDatabase
const fakes: Fake[] = []
const proxies: Server[] = []
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(async () => {
  for (const proxy of proxies) {
    proxy.closeAllConnections()
    await new Promise((resolve) => proxy.close(resolve))
  }
  for (const { service } of fakes) await service.stop()
  await database.drop()
})

async function start(settings: Partial<HttpSettings>): Promise<Fake> {
  const fake = await startFakeService(database.url, settings)
  fakes.push(fake)
  return fake
}

interface ProxyOptions {
  path: string
  /** Whether it takes the path away, as Traefik's StripPrefix and `proxy_pass http://service/;` of nginx do. */
  strips: boolean
  headers?: Record<string, string>
}

/** A reverse proxy that serves a service below a path; gives its URL with the path. */
async function proxyOf(port: number, { path, strips, headers = {} }: ProxyOptions): Promise<string> {
  const proxy = createServer((req, res) => {
    const url = req.url!
    if (!`${url}/`.startsWith(`${path}/`)) return void res.writeHead(404).end('of the proxy')
    const sent: IncomingHttpHeaders = { ...req.headers, ...headers }
    const onward = request(
      {
        host: '127.0.0.1',
        port,
        method: req.method,
        path: strips ? url.slice(path.length) || '/' : url,
        headers: sent,
      },
      (answer) => {
        res.writeHead(answer.statusCode!, answer.rawHeaders)
        answer.pipe(res)
      },
    )
    onward.on('error', () => res.destroy())
    req.pipe(onward)
  })
  proxies.push(proxy)
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${path}`
}

const thing = JSON.stringify({ name: 'a', unit_price: 1 })
const create = (url: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/api/v1/things`, {
    method: 'POST',
    body: thing,
    headers: { 'content-type': 'application/json', ...headers },
  })

/** Follows everything that the service answers as a link, from the outside, and says where each leads. */
async function links(url: string, headers: Record<string, string> = {}) {
  const { origin } = new URL(url)
  const load = async (path: string) => {
    const response = await fetch(origin + path, { headers })
    return { status: response.status, text: await response.text() }
  }
  const page = await (await fetch(`${url}/docs`, { headers })).text()
  const named = [...page.matchAll(/(?:src|href|data-document)="([^"]+)"/g)].map(([, path]) => path!)
  const loaded = await Promise.all(named.map(load))
  const document = (await (await fetch(`${url}/openapi.json`, { headers })).json()) as {
    servers: { url: string }[]
  }
  const created = await create(url, headers)
  const location = created.headers.get('location')!
  const refused = (await (await fetch(`${url}/api/v1/nothing`, { headers })).json()) as Record<string, string>
  const errorPage = await load(refused.type!)
  return {
    named,
    statuses: [...loaded, await load(location), errorPage].map(({ status }) => status),
    server: document.servers[0]!.url,
    location,
    type: refused.type,
    detail: refused.detail,
    typeOnItsPage: /&quot;type&quot;: &quot;([^&]+)/.exec(errorPage.text)?.[1],
  }
}

const linksUnder = (path: string) => ({
  named: [
    'docs/files/swagger-ui.css',
    'openapi.json',
    'docs/files/swagger-ui-bundle.js',
    'docs/files/start.js',
  ].map((file) => `${path}/${file}`),
  statuses: [200, 200, 200, 200, 200, 200],
  server: path || '/',
  location: `${path}/api/v1/things/1`,
  type: `${path}/errors/route_not_found`,
  detail: `There is nothing at ${path}/api/v1/nothing`,
  typeOnItsPage: `${path}/errors/route_not_found`,
})

test.each([
  ['takes it away', true],
  ['leaves it there', false],
])('with BASE_PATH every link leads through a proxy that %s', async (_case, strips) => {
  const fake = await start({ basePath: '/numbers' })
  const url = await proxyOf(fake.port, { path: '/numbers', strips })
  expect(await links(url)).toEqual(linksUnder('/numbers'))
})

test.each([
  ['takes it away', true],
  ['leaves it there', false],
])('the path may be one that our own paths begin with, and the proxy that %s', async (_case, strips) => {
  const fake = await start({ basePath: '/api' })
  const url = await proxyOf(fake.port, { path: '/api', strips })
  // Of a path that is nothing here, nobody can say whether something was taken away.
  const detail = expect.stringMatching(/^There is nothing at (\/api){1,2}\/v1\/nothing$/) as string
  expect(await links(url)).toEqual({ ...linksUnder('/api'), detail })
})

test('probes that reach a service directly find it below no path, too', async () => {
  const fake = await start({ basePath: '/numbers' })
  for (const path of ['/health/ready', '/numbers/health/ready', '/metrics', '/numbers/metrics'])
    expect([path, (await fetch(fake.url + path)).status]).toEqual([path, 200])
  expect((await fetch(`${fake.url}/other/health/ready`)).status).toBe(404)
})

test.each([
  ['takes it away', true],
  ['leaves it there', false],
])(
  'X-Forwarded-Prefix of a proxy that is believed, which %s, goes before BASE_PATH',
  async (_case, strips) => {
    const fake = await start({ basePath: '/numbers', trustProxy: 1 })
    const headers = { 'x-forwarded-prefix': '/eu/sequencer/' }
    const url = await proxyOf(fake.port, { path: '/eu/sequencer', strips, headers })
    expect(await links(url)).toEqual(linksUnder('/eu/sequencer'))
  },
)

test('nobody is believed unless TRUST_PROXY says so', async () => {
  const fake = await start({})
  expect(await links(fake.url, { 'x-forwarded-prefix': '/forged' })).toEqual(linksUnder(''))
  const { headers } = await fetch(`${fake.url}/openapi.json`)
  expect(headers.get('vary')).toBeNull()
})

test.each([
  '//evil.example.com',
  '/a/../b',
  'https://evil.example.com',
  '/a"><script>',
  `/${'a'.repeat(300)}`,
])('%j in X-Forwarded-Prefix is passed over', async (prefix) => {
  const fake = await start({ trustProxy: 1 })
  expect(await links(fake.url, { 'x-forwarded-prefix': prefix })).toEqual(linksUnder(''))
})

test('clients under different paths get different answers, and caches are told', async () => {
  const fake = await start({ trustProxy: 1, corsOrigins: ['https://app.example.com'] })
  const documentFor = async (prefix?: string) => {
    const headers = { origin: 'https://app.example.com', ...(prefix && { 'x-forwarded-prefix': prefix }) }
    const response = await fetch(`${fake.url}/openapi.json`, { headers })
    const { servers } = (await response.json()) as { servers: unknown }
    return { servers, vary: response.headers.get('vary') }
  }
  // More than are remembered.
  const paths = Array.from({ length: 25 }, (_, n) => `/p${n % 13}`)
  for (const path of paths)
    expect(await documentFor(path)).toEqual({ servers: [{ url: path }], vary: 'X-Forwarded-Prefix, Origin' })
  expect((await documentFor()).servers).toEqual([{ url: '/' }])
})

test('what is refused before it is a request carries the path as well', async () => {
  const fake = await start({ basePath: '/numbers' })
  const socket = await openSocket(fake.port)
  socket.send('GET / HTTP/1.1\r\nHost: a\r\nBad header\r\n\r\n')
  expect(await socket.ended()).toContain('"type":"/numbers/errors/malformed_request"')
})
