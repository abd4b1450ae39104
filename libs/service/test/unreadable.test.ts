import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
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
])('%s is refused as a problem, and the connection is closed', async (_, request, status, code) => {
  const socket = await openSocket(fake.port)
  socket.send(request)
  const [head, body] = (await socket.ended()).split('\r\n\r\n') as [string, string]
  expect(head).toContain(`HTTP/1.1 ${status} `)
  expect(head).toContain('Content-Type: application/problem+json')
  expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`)
  expect(JSON.parse(body)).toMatchObject({ status, code, type: `/errors/${code}` })
})

test('after an answer the next, unreadable request is refused alike', async () => {
  const socket = await openSocket(fake.port)
  socket.send(`${head}\r\n`)
  while (!socket.received().includes('pagination')) await new Promise((resolve) => setTimeout(resolve, 5))
  socket.send('HELLO\r\n\r\n')
  expect(await socket.ended()).toMatch(/^HTTP\/1\.1 200 .*HTTP\/1\.1 400 .*malformed_request/s)
})

test('clients that reset their connections leave nothing behind', async () => {
  const sockets = await Promise.all(Array.from({ length: 50 }, () => openSocket(fake.port)))
  for (const socket of sockets) {
    socket.send(`${head}X-A: `)
    socket.destroy()
  }
  expect((await fake.api.get('/api/v1/things')).status).toBe(200)
})
