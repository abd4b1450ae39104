import { createHash } from 'node:crypto'
import { commonErrors, grpcStatusOf } from '@ordinal/errors'
import { createTestDatabase, until, type TestDatabase } from '@ordinal/testing'
import { SignJWT } from 'jose'
import { begun, startFakeService } from './fake-service'
import { detailsIn } from './status-details'

const key = 'k'.repeat(43)
const apiKeys = [{ id: 'shop', sha256: createHash('sha256').update(key).digest() }]
const secret = 'a secret of the tests, and of nothing else'
const tokens = {
  jwtSecret: secret,
  jwksUrl: undefined,
  jwtIssuer: undefined,
  jwtAudience: undefined,
  jwtClockToleranceSeconds: 5,
  jwtMaxLifetimeSeconds: 86_400,
}

let database: TestDatabase
let fake: Awaited<ReturnType<typeof startFakeService>>

beforeAll(async () => {
  database = await createTestDatabase()
  fake = await startFakeService(database.url, { apiKeys }, { tokens })
})
afterAll(async () => {
  await fake.stop()
  await database.drop()
})
beforeEach(() => void fake.logged.entries.splice(0))

const thing = { name: 'nut', value: 7 }
const describe_ = async (message: object, metadata: Record<string, string> = {}) => {
  const answer = await fake.call('Describe', message, { metadata })
  return answer.code === 'OK' ? JSON.parse(answer.body.json) : answer
}
const bearer = async (claims: object) => {
  const token = await new SignJWT({ exp: Date.now() / 1000 + 60, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret))
  return { authorization: `Bearer ${token}` }
}
const metric = async (series: string) => {
  const line = (await fake.metrics.scrape()).split('\n').find((line) => line.startsWith(`${series} `))
  return Number(line?.split(' ').at(-1) ?? 0)
}

test('the request id is taken, handed on, logged and answered; one that is not sane is replaced', async () => {
  const metadata = { 'x-request-id': 'request-7', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }
  const { headers, body } = await fake.call('Describe', thing, { metadata })
  expect(headers).toMatchObject({ 'x-request-id': 'request-7', 'was-described': 'true' })
  expect(headers.traceparent).toMatch(`00-${'a'.repeat(32)}-`)
  expect(JSON.parse(body.json)).toMatchObject({ requestId: 'request-7' })
  expect(fake.logged.of('request')).toEqual([
    expect.objectContaining({ request_id: 'request-7', trace_id: 'a'.repeat(32) }),
  ])
  const other = await fake.call('Describe', thing, { metadata: { 'x-request-id': 'a "b"' } })
  expect(other.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
})

test('an error answers the request id, too', async () => {
  const { code, trailers } = await fake.call('Describe', {}, { metadata: { 'x-request-id': 'request-8' } })
  expect([code, trailers['x-request-id']]).toEqual(['INVALID_ARGUMENT', 'request-8'])
})

test('each call is a line in the log, as a request of HTTP is, and is counted and timed', async () => {
  const name = 'fake.FakeService/Describe'
  const series = [
    `fake_service_grpc_requests_total{method="${name}",code="OK"}`,
    `fake_service_grpc_requests_total{method="${name}",code="INVALID_ARGUMENT"}`,
    `fake_service_grpc_request_duration_seconds_count{method="${name}"}`,
  ]
  const before = await Promise.all(series.map(metric))
  await fake.call('Describe', thing, { metadata: { 'x-api-key': key } })
  await fake.call('Describe', {})
  const after = await Promise.all(series.map(metric))
  expect(after.map((value, index) => value - before[index]!)).toEqual([1, 1, 2])
  expect(await metric('fake_service_grpc_requests_in_flight')).toBe(0)
  const line = {
    level: 'info',
    message: 'request',
    method: 'gRPC',
    path: `/${name}`,
    route: `/${name}`,
    duration_ms: expect.any(Number),
    ip: '127.0.0.1',
  }
  expect(fake.logged.of('request')).toEqual([
    expect.objectContaining({ ...line, code: 'OK', caller: 'shop' }),
    expect.objectContaining({ ...line, code: 'INVALID_ARGUMENT', caller: 'anonymous' }),
  ])
})

test('a caller that goes away is logged and counted as that', async () => {
  const before = begun.Wait
  const cancelWhen = until(() => begun.Wait > before)
  const { code } = await fake.call('Wait', { ms: 10_000 }, { cancelWhen })
  expect(code).toBe('CANCELLED')
  await until(() => fake.logged.of('request').length > 0)
  expect(fake.logged.of('request')).toEqual([expect.objectContaining({ code: 'CANCELLED', aborted: true })])
  const series = 'fake_service_grpc_requests_total{method="fake.FakeService/Wait",code="CANCELLED"}'
  expect(await metric(series)).toBe(1)
})

test('what is empty or 0 is a field that was not set; one that is demanded is missed', async () => {
  expect((await describe_({ ...thing, note: '', heavy: false, tags: [] })).message).toEqual(thing)
  expect((await describe_({ ...thing, note: 'n', heavy: true })).message).toEqual({
    ...thing,
    note: 'n',
    heavy: true,
  })
  const answer = await describe_({})
  expect(answer.code).toBe('INVALID_ARGUMENT')
  expect(detailsIn(answer).BadRequest.field_violations.map(({ field }: { field: string }) => field)).toEqual([
    'name',
    'value',
  ])
})

test.each<[string, object, string]>([
  ['too long', { ...thing, name: 'x'.repeat(21) }, 'name'],
  ['below the least', { ...thing, value: -1 }, 'value'],
  ['beyond what a number holds', { ...thing, value: '9007199254740993' }, 'value'],
  ['a control character', { ...thing, note: 'a\u0000b' }, 'note'],
  ['not a field of the schema', { ...thing, tags: ['x'] }, 'tags'],
])('a field that is %s is refused by name', async (_, message, field) => {
  const answer = await describe_(message)
  expect([answer.code, answer.trailers['ordinal-error-code']]).toEqual([
    'INVALID_ARGUMENT',
    'validation_failed',
  ])
  expect(answer.body).toMatch(`${field}: `)
  const { ErrorInfo, BadRequest } = detailsIn(answer)
  expect(ErrorInfo).toEqual({ reason: 'VALIDATION_FAILED', domain: 'ordinal' })
  expect(BadRequest.field_violations).toEqual([{ field, description: expect.any(String) }])
})

test('the largest value that a number holds arrives as it is', async () => {
  expect((await describe_({ ...thing, value: '9007199254740991' })).message.value).toBe(9007199254740991)
})

test.each(['idempotency-key', 'x-idempotency-key'])('%s is the key, quoted or not', async (name) => {
  for (const sent of ['8f14e45f', '"8f14e45f"'])
    expect((await describe_(thing, { [name]: sent })).idempotencyKey).toBe('8f14e45f')
  const { code, trailers } = await describe_(thing, { [name]: 'a b' })
  expect([code, trailers['ordinal-error-code']]).toEqual(['INVALID_ARGUMENT', 'invalid_idempotency_key'])
})

test('two different keys are none; the same one by both of its names is one', async () => {
  const both = (second: string) =>
    describe_(thing, { 'idempotency-key': '8f14e45f', 'x-idempotency-key': second })
  expect((await both('8f14e45f')).idempotencyKey).toBe('8f14e45f')
  const { code, trailers } = await both('8f14e460')
  expect([code, trailers['ordinal-error-code']]).toEqual(['INVALID_ARGUMENT', 'invalid_idempotency_key'])
})

test('a key names its caller, and a token its bearer; both stay out of the log', async () => {
  expect(await describe_(thing, { 'x-api-key': key })).toMatchObject({ caller: 'shop', role: 'operator' })
  const metadata = await bearer({ sub: 'ada', role: 'viewer' })
  expect(await describe_(thing, metadata)).toMatchObject({ caller: 'ada', role: 'viewer' })
  expect(await describe_(thing)).toMatchObject({ caller: 'anonymous' })
  const logged = JSON.stringify(fake.logged.entries)
  expect(logged).toContain('"caller":"ada"')
  for (const hidden of [key, metadata.authorization.slice(7)]) expect(logged).not.toContain(hidden)
})

test.each<[Record<string, string>, string]>([
  [{ 'x-api-key': 'wrong' }, 'invalid_api_key'],
  [{ 'x-api-key': '' }, 'invalid_api_key'],
  [{ authorization: 'Bearer wrong' }, 'invalid_token'],
  [{ authorization: 'bearer' }, 'invalid_token'],
])('who sends %j is UNAUTHENTICATED', async (metadata, error) => {
  const { code, trailers } = await describe_(thing, metadata)
  expect([code, trailers['ordinal-error-code']]).toEqual(['UNAUTHENTICATED', error])
})

test('a method that needs a role is for those who have it', async () => {
  const administrate = async (metadata: Record<string, string>) => {
    const { code, trailers, body } = await fake.call('Administrate', thing, { metadata })
    return code === 'OK' ? body.json : [code, trailers['ordinal-error-code']]
  }
  expect(await administrate({})).toEqual(['UNAUTHENTICATED', 'authentication_required'])
  expect(await administrate({ 'x-api-key': key })).toEqual(['PERMISSION_DENIED', 'role_too_low'])
  expect(await administrate(await bearer({ sub: 'ada', role: 'operator' }))).toEqual([
    'PERMISSION_DENIED',
    'role_too_low',
  ])
  expect(await administrate(await bearer({ sub: 'ada', role: 'admin' }))).toBe('{"caller":"ada"}')
})

test.each(Object.entries(commonErrors))(
  '%s has its status, its code, what it says, and when to come again',
  async (error, kind) => {
    const answer = await fake.call('Fail', { with: error })
    expect(answer).toMatchObject({
      code: grpcStatusOf(kind),
      body: `It is "${error}", 100 % – so`,
      trailers: { 'ordinal-error-code': error, 'retry-after': '7' },
    })
    const { ErrorInfo, RetryInfo } = detailsIn(answer)
    expect(ErrorInfo.reason).toBe(error.toUpperCase())
    expect(RetryInfo).toEqual({ retry_delay: { seconds: 7 } })
  },
)

test('a fault of ours is logged with its cause, and told without it', async () => {
  const answer = await fake.call('Fail', { with: 'x' }, { metadata: { 'x-request-id': 'request-9' } })
  expect(answer).toMatchObject({
    code: 'INTERNAL',
    body: 'An unexpected fault was logged as request-9',
    trailers: { 'ordinal-error-code': 'internal_error' },
  })
  expect(JSON.stringify(answer)).not.toContain('hidden')
  const [line] = fake.logged.of('request failed')
  expect(line).toMatchObject({ request_id: 'request-9', route: '/fake.FakeService/Fail' })
  expect(JSON.stringify(line)).toContain('the password is hidden')
})

test('a method without an implementation is UNIMPLEMENTED, and so is one that is nowhere', async () => {
  expect((await fake.call('Missing', thing)).code).toBe('UNIMPLEMENTED')
  const code = await new Promise((resolve) =>
    fake.client.makeUnaryRequest(
      '/fake.FakeService/Nowhere',
      (bytes: Buffer) => bytes,
      (bytes) => bytes,
      Buffer.alloc(0),
      (error) => resolve(error?.code),
    ),
  )
  expect(code).toBe(12)
})

test('a limit counts calls as it counts requests, and for both at once', async () => {
  const limited = await startFakeService(database.url, { rateLimit: 2, apiKeys, trustProxy: 1 })
  const from = (ip: string, more: Record<string, string> = {}) =>
    limited.call('Describe', thing, { metadata: { 'x-forwarded-for': `203.0.113.9, ${ip}`, ...more } })
  const codes = []
  // Two a second, and a burst of four.
  const startedAt = performance.now()
  for (let calls = 0; calls < 20; calls++) codes.push((await from('192.0.2.1')).code)
  const seconds = (performance.now() - startedAt) / 1_000
  expect(new Set(codes)).toEqual(new Set(['OK', 'RESOURCE_EXHAUSTED']))
  expect(codes.filter((code) => code === 'OK').length).toBeLessThan(8 + 2 * seconds)
  // Twice a second one passes.
  const refused = (ask: () => ReturnType<typeof from>) =>
    until(async () => {
      const answer = await ask()
      return answer.code === 'RESOURCE_EXHAUSTED' && answer
    })
  expect((await refused(() => from('192.0.2.1'))).trailers['retry-after']).toMatch(/^[1-9]\d*$/)
  expect((await refused(() => from('[::ffff:192.0.2.1]:51234'))).code).toBe('RESOURCE_EXHAUSTED')
  const headers = { 'X-Forwarded-For': '192.0.2.1:51235' }
  await until(async () => (await fetch(`${limited.url}/nowhere`, { headers })).status === 429)
  expect((await from('192.0.2.2')).code).toBe('OK')
  expect((await from('192.0.2.1', { 'x-api-key': key })).code).toBe('OK')

  const guesses = []
  for (let calls = 0; calls < 20; calls++)
    guesses.push((await from('192.0.2.3', { 'x-api-key': 'wrong' })).code)
  expect(new Set(guesses)).toEqual(new Set(['UNAUTHENTICATED', 'RESOURCE_EXHAUSTED']))
  await limited.stop()
})
