import { gzipSync } from 'node:zlib'
import { inspect } from 'node:util'
import { ServiceUnavailableError } from '../src'
import { clientOf, endAll, failureOf, get, refusingUrl, startRawServer, startServer } from './servers'

afterEach(endAll)

test('an answer is its status, headers and parsed body', async () => {
  const server = await startServer((request, response) => {
    response.writeHead(201, { 'Content-Type': 'application/json; charset=utf-8', 'X-Request-Id': 'r1' })
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () =>
      response.end(
        JSON.stringify({
          url: request.url,
          type: request.headers['content-type'],
          key: request.headers.key,
          body,
        }),
      ),
    )
  })
  const client = clientOf(server.url, { headers: { key: 'k1' } })
  const answer = await client.request({
    method: 'POST',
    path: '/users',
    params: { a: 1, b: undefined, c: 'x y' },
    body: 'Zoë',
  })
  expect(answer).toMatchObject({
    status: 201,
    headers: { 'x-request-id': 'r1' },
    data: { url: '/users?a=1&c=x+y', type: 'application/json', key: 'k1', body: '"Zoë"' },
  })
})

test.each([
  ['a problem', 404, 'application/problem+json', '{"code":"not_found"}', { code: 'not_found' }],
  ['a text', 200, 'text/plain', 'hello', 'hello'],
  ['a text that looks like JSON', 200, 'text/plain', '7', '7'],
  ['nothing', 204, undefined, undefined, undefined],
  ['an empty body that says it is JSON', 200, 'application/json', '', undefined],
  ['an error page that says it is JSON', 400, 'application/json', '<html>', '<html>'],
  ['that it does not know the call', 501, 'text/plain', 'Not Implemented', 'Not Implemented'],
  ['a redirect, which is not followed', 302, undefined, undefined, undefined],
])('%s is an answer', async (_what, status, type, body, data) => {
  const server = await startServer((_request, response) => {
    response.writeHead(status, {
      ...(type && { 'Content-Type': type }),
      ...(status === 302 && { Location: '/elsewhere' }),
    })
    response.end(body)
  })
  const client = clientOf(server.url)
  expect(await client.request(get)).toMatchObject({ status, data })
  expect(server.seen).toEqual(['GET /api/v1/users/7'])
  expect(client.counts().outcomes[status < 400 ? 'ok' : 'client_error']).toBe(1)
})

test.each([
  ['status', 500, {}, 1],
  ['status', 503, { 'Retry-After': '7' }, 7],
  ['status', 503, { 'Retry-After': 'soon' }, 1],
  ['status', 503, { 'Retry-After': '999999' }, 3600],
  ['rate_limited', 429, { 'Retry-After': '12' }, 12],
] as const)('%s: an answer %i with %j is a failure', async (reason, status, headers, retryAfterSeconds) => {
  const server = await startServer((_request, response) => response.writeHead(status, headers).end())
  expect(await failureOf(clientOf(server.url).request(get))).toMatchObject({
    service: 'user-service',
    reason,
    retryAfterSeconds,
  })
})

test('a Retry-After that is a date becomes seconds', async () => {
  const askedAt = Date.now()
  const date = new Date(askedAt + 30_000).toUTCString()
  const server = await startServer((_request, response) =>
    response.writeHead(503, { 'Retry-After': date }).end(),
  )
  const { retryAfterSeconds } = (await failureOf(
    clientOf(server.url).request(get),
  )) as ServiceUnavailableError
  expect(retryAfterSeconds).toBeGreaterThanOrEqual(29 - Math.ceil((Date.now() - askedAt) / 1000))
  expect(retryAfterSeconds).toBeLessThanOrEqual(30)
})

const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'

test.each([
  ['reset', 'a connection reset before the answer', undefined],
  ['reset', 'an answer cut short', `${head}Content-Length: 100\r\n\r\n{`],
  ['invalid_answer', 'something that is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['invalid_answer', 'JSON that is none', `${head}Content-Length: 1\r\n\r\n{`],
  ['invalid_answer', 'gzip that is none', `${head}Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope`],
] as const)('%s: %s is a failure', async (reason, _what, bytes) => {
  const server = await startRawServer((socket) => {
    if (bytes === undefined) socket.resetAndDestroy()
    else socket.end(bytes)
  })
  expect(await failureOf(clientOf(`http://127.0.0.1:${server.port}`).request(get))).toMatchObject({ reason })
  expect(server.seen).toEqual(['GET /api/v1/users/7 HTTP/1.1'])
})

test('a port where nobody listens is refused, a host that does not exist is unreachable', async () => {
  expect(await failureOf(clientOf(await refusingUrl()).request(get))).toMatchObject({
    reason: 'refused',
  })
  expect(await failureOf(clientOf('http://no-such-host.invalid').request(get))).toMatchObject({
    reason: 'unreachable',
  })
})

describe('limits', () => {
  test.each([
    ['an answer', (size: number) => ({ body: Buffer.alloc(size, 'x'), headers: {} })],
    [
      'an answer that only unpacks to so much',
      (size: number) => ({ body: gzipSync(Buffer.alloc(size)), headers: { 'Content-Encoding': 'gzip' } }),
    ],
  ])('%s over the limit is refused, one at the limit is not', async (_what, answerOf) => {
    const server = await startServer((request, response) => {
      const { body, headers } = answerOf(request.url === '/over' ? 10_001 : 10_000)
      response.writeHead(200, headers).end(body)
    })
    const client = clientOf(server.url, { maxAnswerBytes: 10_000 })
    expect(await failureOf(client.request({ method: 'GET', path: '/over' }))).toMatchObject({
      reason: 'invalid_answer',
    })
    expect((await client.request({ method: 'GET', path: '/at' })).data).toHaveLength(10_000)
  })

  test('an answer without end is cut off at the limit', async () => {
    let sent = 0
    const server = await startServer((_request, response) => {
      const chunk = Buffer.alloc(65_536)
      const write = () => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length
      }
      response.on('drain', write)
      write()
    })
    expect(await failureOf(clientOf(server.url).request(get))).toMatchObject({ reason: 'invalid_answer' })
    expect(sent).toBeLessThan(50_000_000)
  })

  test('an absolute URL in place of a path does not leave the service', async () => {
    const [server, other] = [await startServer((_q, r) => r.end()), await startServer((_q, r) => r.end())]
    const client = clientOf(server.url)
    await client.request({ method: 'GET', path: `${other.url}/x` })
    await client.request({ method: 'GET', path: `//127.0.0.1:${other.port}/x` })
    expect([server.seen.length, other.seen.length]).toEqual([2, 0])
  })

  test('the proxy of the environment is not used', async () => {
    const [server, proxy] = [await startServer((_q, r) => r.end()), await startServer((_q, r) => r.end())]
    const before = { ...process.env }
    Object.assign(process.env, { HTTP_PROXY: proxy.url, http_proxy: proxy.url, NO_PROXY: '', no_proxy: '' })
    try {
      await clientOf(server.url).request(get)
    } finally {
      process.env = before
    }
    expect([server.seen.length, proxy.seen.length]).toEqual([1, 0])
  })
})

test('a request that cannot be sent is our fault: an error of its own, which the breaker does not count', async () => {
  const server = await startServer((_request, response) => response.end())
  const client = clientOf(server.url)
  const circular: Record<string, unknown> = {}
  circular.self = circular
  for (let call = 0; call < 10; call++) {
    expect(await failureOf(client.request({ method: 'POST', path: '/', body: circular }))).toBeInstanceOf(
      TypeError,
    )
    expect(
      await failureOf(client.request({ method: 'POST', path: '/', body: 'x'.repeat(2 ** 20) })),
    ).not.toBeInstanceOf(ServiceUnavailableError)
  }
  expect(client.state()).toBe('closed')
  expect(client.counts().outcomes.invalid_request).toBe(20)
})

test('no error shows the secrets of the request', async () => {
  const request = {
    method: 'POST',
    path: '/',
    body: { card: 'c-secret' },
    params: { q: 'q-secret' },
  } as const
  const headers = { Authorization: 'Bearer h-secret' }
  const server = await startServer((_request, response) => void response.destroy())
  for (const url of [server.url, await refusingUrl()]) {
    const error = await failureOf(clientOf(url, { headers }).request(request))
    expect(error).toBeInstanceOf(ServiceUnavailableError)
    expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(/[chq]-secret/)
  }
})
