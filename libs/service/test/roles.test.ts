import { createHash, randomBytes } from 'node:crypto'
import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import { SignJWT, type JWTPayload } from 'jose'
import { startFakeService } from './fake-service'

const secret = randomBytes(32).toString('hex')
const key = 'k'.repeat(43)
const tokens = {
  jwtSecret: secret,
  jwksUrl: undefined,
  jwtIssuer: undefined,
  jwtAudience: undefined,
  jwtClockToleranceSeconds: 5,
  jwtMaxLifetimeSeconds: 86_400,
}
const apiKeys = [{ id: 'order-service', sha256: createHash('sha256').update(key).digest() }]

let database: TestDatabase
let fake: Awaited<ReturnType<typeof startFakeService>>

beforeAll(async () => {
  database = await createTestDatabase()
  fake = await startFakeService(database.url, { apiKeys, rateLimit: 5 }, { tokens })
})
afterAll(async () => {
  await fake.service.stop()
  await database.drop()
})

const tokenOf = (claims: JWTPayload) =>
  new SignJWT({ exp: Date.now() / 1000 + 60, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret))
const bearer = async (claims: JWTPayload) => ({ Authorization: `Bearer ${await tokenOf(claims)}` })
const thing = { name: 'one', unit_price: 1 }

test('a route that needs a role is refused before its body is read, and takes who has it', async () => {
  const rawBody = '{"not": json'
  const put = (headers: Record<string, string>) =>
    fake.api.request({ method: 'PUT', path: '/api/v1/things/1', rawBody, headers })
  expect((await put({})).body.code).toBe('authentication_required')
  expect((await put({ 'X-API-Key': key })).body.code).toBe('role_too_low')
  const viewer = await put(await bearer({ sub: 'ada', role: 'viewer' }))
  expect([viewer.status, viewer.body.code]).toEqual([403, 'role_too_low'])
  expect(viewer.headers.get('www-authenticate')).toContain('insufficient_scope')
  const headers = await bearer({ sub: 'ada', role: 'admin' })
  expect((await put(headers)).body.code).toBe('malformed_json')
  expect((await fake.api.put('/api/v1/things/1', thing, { headers })).body).toEqual({ id: 1, ...thing })
})

test('the caller and its role go to the handler, and the caller into the log, without its token', async () => {
  const headers = await bearer({ sub: 'ada', roles: ['viewer', 'operator'] })
  expect((await fake.api.get('/api/v1/callers/me', { headers })).body).toEqual({
    caller: 'ada',
    role: 'operator',
  })
  const machine = await fake.api.get('/api/v1/callers/me', { headers: { 'X-API-Key': key } })
  expect(machine.body).toEqual({ caller: 'order-service', role: 'operator' })
  const logged = JSON.stringify(fake.logged.of('request'))
  expect(logged).toContain('"caller":"ada"')
  for (const hidden of [key, headers.Authorization.slice(7), secret]) expect(logged).not.toContain(hidden)
})

test('a wrong token is answered with 401 on every route, and off them', async () => {
  const headers = { Authorization: 'Bearer wrong' }
  for (const path of ['/api/v1/things/7', '/api/v1/callers/me', '/nowhere'])
    expect((await fake.api.get(path, { headers })).body.code).toBe('invalid_token')
  expect((await fake.api.get('/health/live', { headers })).status).toBe(200)
})

test('who has a token is limited as anyone is', async () => {
  const headers = await bearer({ sub: 'ada', role: 'admin' })
  const answers = await Promise.all(
    Array.from({ length: 40 }, () => fake.api.get('/api/v1/callers/me', { headers })),
  )
  expect(answers.some(({ status }) => status === 429)).toBe(true)
})

test('a service that takes no tokens does not look at them', async () => {
  const other = await startFakeService(database.url)
  const { status } = await other.api.get('/api/v1/things/7', { headers: { Authorization: 'Bearer wrong' } })
  expect(status).toBe(200)
  expect((await other.api.get('/api/v1/callers/me')).body.code).toBe('authentication_required')
  await other.service.stop()
})
