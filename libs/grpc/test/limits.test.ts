import { once } from 'node:events'
import { connect } from 'node:net'
import { compressionAlgorithms, type ServiceError } from '@grpc/grpc-js'
import { createGrpcClient, createTestDatabase, type TestDatabase } from '@ordinal/testing'
import { fakeName, protos, startFakeService } from './fake-service'

let database: TestDatabase
let fake: Awaited<ReturnType<typeof startFakeService>>

beforeAll(async () => {
  database = await createTestDatabase()
  fake = await startFakeService(database.url)
})
afterAll(async () => {
  await fake.stop()
  await database.drop()
})
beforeEach(() => void fake.logged.entries.splice(0))

const thing = { name: 'nut', value: 7 }
const ofBytes = (bytes: number) => ({ ...thing, tags: ['x'.repeat(bytes)] })

test('a message over the limit is refused, logged, and does not end the connection', async () => {
  for (const bytes of [2_049, 1_000_000]) {
    const answer = await fake.call('Describe', ofBytes(bytes))
    expect(answer).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      body: 'The message has more than 2048 bytes',
      trailers: { 'ordinal-error-code': 'body_too_large', 'x-request-id': expect.any(String) },
    })
  }
  expect(fake.logged.of('request').map(({ code }) => code)).toEqual(Array(2).fill('RESOURCE_EXHAUSTED'))
  expect((await fake.call('Describe', thing)).code).toBe('OK')
})

test('calls are taken on the address of the service alone', async () => {
  const reaches = async (host: string) => {
    const socket = connect({ port: fake.port, host })
    const outcome = await once(socket, 'connect').then(
      () => 'connected',
      (error: NodeJS.ErrnoException) => error.code,
    )
    socket.destroy()
    return outcome
  }
  expect([await reaches('127.0.0.1'), await reaches('127.0.0.2')]).toEqual(['connected', 'ECONNREFUSED'])
})

test('a message that is small only while it is compressed is refused, too', async () => {
  const options = { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip }
  const zipping = createGrpcClient(fake.port, protos, fakeName, options)
  expect((await zipping.call('Describe', thing)).code).toBe('OK')
  const answer = await zipping.call('Describe', ofBytes(1_000_000))
  expect([answer.code, answer.trailers['ordinal-error-code']]).toEqual([
    'RESOURCE_EXHAUSTED',
    'body_too_large',
  ])
  zipping.close()
})

test.each<[string, number[]]>([
  ['end in the middle', [0x10, 0xff]],
  ['have no such wire type', [0x0f]],
])('bytes that %s are no message', async (_, bytes) => {
  const { code, details, metadata } = await new Promise<ServiceError>((resolve) =>
    fake.client.makeUnaryRequest(
      '/fake.FakeService/Describe',
      (raw: Buffer) => raw,
      (raw) => raw,
      Buffer.from(bytes),
      (error) => resolve(error!),
    ),
  )
  expect([code, details]).toEqual([3, 'The message cannot be decoded'])
  expect(metadata.get('ordinal-error-code')).toEqual(['malformed_message'])
})

test('a thousand calls at once on one connection are all answered', async () => {
  const answers = await Promise.all(Array.from({ length: 2_500 }, () => fake.call('Describe', thing)))
  expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(['OK']))
})

test('a method that fails before it returns a promise gives its place back', async () => {
  for (let calls = 0; calls < 20; calls++) {
    expect((await fake.call('Search', { ms: -1 })).code).toBe('INTERNAL')
  }
  expect((await fake.call('Search', { ms: 1 })).code).toBe('OK')
})

test('heavy calls beyond their places are refused with when to come again, while others are served', async () => {
  const heavy = Array.from({ length: 60 }, () => fake.call('Search', { ms: 4_000 }))
  expect((await fake.call('Describe', thing)).code).toBe('OK')
  const refused = (await Promise.all(heavy)).filter(({ code }) => code !== 'OK')
  expect(refused.length).toBeGreaterThan(20)
  for (const { code, trailers } of refused)
    expect([code, trailers['ordinal-error-code']]).toEqual(['UNAVAILABLE', 'overloaded'])
})
