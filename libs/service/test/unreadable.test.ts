import { createTestDatabase, until, type TestDatabase } from '@ordinal/testing'
import { startFakeService } from './fake-service'
import { openSocket } from './raw-socket'

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

const head = 'GET /api/v1/things HTTP/1.1\r\nHost: test\r\n'
const post = 'POST /api/v1/things HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n'

test.each([
  ['no HTTP at all', 'HELLO\r\n\r\n', 400, 'malformed_request'],
  ['a header without a name', `${head}: value\r\n\r\n`, 400, 'malformed_request'],
  ['a NUL in a header', `${head}X-A: a\0b\r\n\r\n`, 400, 'malformed_request'],
  ['two lengths', `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400, 'malformed_request'],
  [
    'a length and chunks',
    `${head}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
    400,
    'malformed_request',
  ],
  ['headers without end', `${head}X-A: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
  [
    'a URL without end',
    `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: test\r\n\r\n`,
    431,
    'headers_too_large',
  ],
  ['no Host', 'GET /api/v1/things HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'malformed_request'],
  [
    'an Expect that nobody knows',
    `${head}Expect: tea\r\nConnection: close\r\n\r\n`,
    417,
    'expectation_failed',
  ],
  ['a CONNECT', 'CONNECT test:443 HTTP/1.1\r\nHost: test\r\n\r\n', 405, 'method_not_allowed'],
])('%s is refused as a problem, and the connection is closed', async (_, request, status, code) => {
  const socket = await openSocket(fake.port)
  socket.send(request)
  const [head, body] = (await socket.ended()).split('\r\n\r\n') as [string, string]
  expect(head).toContain(`HTTP/1.1 ${status} `)
  expect(head).toContain('Content-Type: application/problem+json')
  const problem = JSON.parse(/{.*}/.exec(body)![0]) as { request_id: string }
  expect(problem).toMatchObject({ status, code, type: `/errors/${code}` })
  expect(head).toContain(`X-Request-Id: ${problem.request_id}`)
  expect(JSON.stringify(fake.logged.entries)).toContain(problem.request_id)
})

test('a HEAD that cannot be read is refused without a body', async () => {
  const fault = `HEAD /api/v1/things HTTP/1.1\r\nHost: test\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`
  const readable = 'HEAD /api/v1/things HTTP/1.1\r\nHost: test\r\n\r\n'
  for (const before of ['', readable, readable + readable]) {
    const socket = await openSocket(fake.port)
    socket.send(before)
    await until(() => socket.received().split('HTTP/1.1 200').length - 1 === before.length / readable.length)
    socket.send(fault)
    const answer = await socket.ended()
    expect(answer).toContain('HTTP/1.1 431 ')
    expect(answer).toMatch(/\r\n\r\n$/)
  }
  // A body is none of a HEAD's.
  const socket = await openSocket(fake.port)
  socket.send(readable)
  await until(() => socket.received().includes('HTTP/1.1 200'))
  socket.send(fault.replace('HEAD', 'GET'))
  expect(await socket.ended()).toMatch(/headers_too_large.*\}$/)
})

test('after an answer the next, unreadable request is refused alike', async () => {
  const socket = await openSocket(fake.port)
  socket.send(`${head}\r\n`)
  while (!socket.received().includes('pagination')) await new Promise((resolve) => setTimeout(resolve, 5))
  socket.send('HELLO\r\n\r\n')
  expect(await socket.ended()).toMatch(/^HTTP\/1\.1 200 .*HTTP\/1\.1 400 .*malformed_request/s)
})

test('what cannot be read is logged and counted', async () => {
  const counted = async () =>
    Number(
      /fake_service_requests_total{method="other",route="unreadable",status="400"} (\d+)/.exec(
        (await fake.api.get('/metrics')).body as string,
      )?.[1] ?? 0,
    )
  const before = await counted()
  fake.logged.entries.splice(0)
  const socket = await openSocket(fake.port)
  socket.send('HELLO\r\n\r\n')
  await socket.ended()
  expect(await counted()).toBe(before + 1)
  expect(fake.logged.of('a request could not be read')).toMatchObject([
    {
      level: 'info',
      status: 400,
      code: 'malformed_request',
      ip: expect.stringContaining('127.0.0.1') as string,
    },
  ])
})

test('what was asked before it is answered before it', async () => {
  const socket = await openSocket(fake.port)
  const slow = `GET /api/v1/rows?sql=${encodeURIComponent('SELECT 1 AS number FROM pg_sleep(0.2)')} HTTP/1.1\r\nHost: test\r\n\r\n`
  socket.send(`${slow}${slow}HELLO\r\n\r\nAND MORE`)
  const received = await socket.ended()
  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 400'])
  expect(received.match(/"number":1/g)).toHaveLength(2)
})

test('a body that cannot be read is refused as the answer to its request', async () => {
  const socket = await openSocket(fake.port)
  fake.logged.entries.splice(0)
  socket.send(`${post}X-Request-Id: r-1\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n`)
  const received = await socket.ended()
  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400'])
  expect(received).toContain('"request_id":"r-1"')
})

test('control: 100-continue is known', async () => {
  const socket = await openSocket(fake.port)
  socket.send(`${head}Expect: 100-continue\r\nConnection: close\r\n\r\n`)
  expect(await socket.ended()).toMatch(/^HTTP\/1\.1 100 .*HTTP\/1\.1 200 /s)
})

test('clients that reset their connections leave nothing behind', async () => {
  const sockets = await Promise.all(Array.from({ length: 50 }, () => openSocket(fake.port)))
  for (const socket of sockets) {
    socket.send(`${head}X-A: `)
    socket.destroy()
  }
  expect((await fake.api.get('/api/v1/things')).status).toBe(200)
})
