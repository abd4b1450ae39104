import { gzipSync } from 'node:zlib'
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

const good = JSON.stringify({ name: 'nut', unit_price: 3 })
const send = (rawBody: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fake.api.request({ method: 'POST', path: '/api/v1/things', rawBody, headers })

test.each(['{', '{"name":', "{'name':'nut'}", '{"name":"nut",}', 'name=nut', '"text"', 'null', '7', '\0'])(
  'a body of %j is no JSON object, and 400',
  async (body) => {
    const answer = await send(body)
    expect([answer.status, answer.body.code]).toEqual([400, 'malformed_json'])
  },
)

test('no body where one is needed is 400', async () => {
  const { status, body } = await fake.api.post('/api/v1/things')
  expect([status, body.code]).toEqual([400, 'validation_failed'])
})

test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'nonsense', ''])(
  'a body of the type "%s" is 415',
  async (type) => {
    const { status, body } = await send(good, { 'content-type': type })
    expect([status, body.code]).toEqual([415, 'unsupported_media_type'])
  },
)

test('a charset is fine if it is UTF-8, and 415 otherwise', async () => {
  expect((await send(good, { 'content-type': 'application/json; charset=UTF-8' })).status).toBe(201)
  expect((await send(good, { 'content-type': 'application/json; charset=latin1' })).status).toBe(415)
})

test('a body at the limit is taken, one byte more is 413', async () => {
  const sized = (bytes: number) => good.padEnd(bytes)
  expect((await send(sized(2_048))).status).toBe(201)
  const { status, body } = await send(sized(2_049))
  expect([status, body.code]).toEqual([413, 'body_too_large'])
})

test('a body that grows beyond the limit in chunks is 413', async () => {
  const socket = await openSocket(fake.port)
  socket.send('POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n')
  socket.send('Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n')
  for (let chunk = 0; chunk < 3; chunk++) socket.send(`400\r\n${' '.repeat(0x400)}\r\n`)
  socket.send('0\r\n\r\n')
  expect(await socket.ended()).toMatch(/^HTTP\/1\.1 413 .*"code":"body_too_large"/s)
})

test('a packed body is unpacked, and what is beyond the limit then is 413', async () => {
  const packed = (text: string) => new Uint8Array(gzipSync(text))
  expect((await send(packed(good), { 'content-encoding': 'gzip' })).status).toBe(201)
  const bomb = packed(' '.repeat(50_000_000))
  const { status, body } = await send(bomb.slice(0, 2_000), { 'content-encoding': 'gzip' })
  expect([status, body.code]).toEqual([413, 'body_too_large'])
})

test('a body that claims to be packed and is not is 400', async () => {
  const { status, body } = await send(good, { 'content-encoding': 'gzip' })
  expect([status, body.code]).toEqual([400, 'malformed_json'])
})

test('a packing that nobody knows is 415', async () => {
  const { status, body } = await send(good, { 'content-encoding': 'sesame' })
  expect([status, body.code]).toEqual([415, 'unsupported_media_type'])
})

test('a deeply nested body is refused, and costs next to nothing', async () => {
  const took: number[] = []
  for (let times = 0; times < 3; times += 1) {
    const started = performance.now()
    const { status } = await send(`{"name":${'['.repeat(1_000)}${']'.repeat(1_000)}}`)
    took.push(performance.now() - started)
    expect(status).toBe(400)
  }
  // A machine that is busy with other work may pause during one.
  expect(Math.min(...took)).toBeLessThan(1_000)
})

test('a body where none is expected is left unread', async () => {
  const path = '/api/v1/things/7'
  expect((await fake.api.request({ method: 'DELETE', path, rawBody: '{' })).status).toBe(204)
})
