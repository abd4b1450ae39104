import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTestDatabase, until, type CallOptions, type TestDatabase } from '@ordinal/testing'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { begun, left, startFakeService } from './fake-service'

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

test('a method has the deadline of its caller, and at most half a minute', async () => {
  const { body } = await fake.call('Wait', {}, { deadlineMs: 20_000 })
  expect(body.remaining_ms).toBeGreaterThan(10_000)
  expect(body.remaining_ms).toBeLessThanOrEqual(20_001)
  expect((await fake.call('Wait', {})).body.remaining_ms).toBe(30_000)
  expect((await fake.call('Wait', {}, { deadlineMs: 600_000 })).body.remaining_ms).toBe(30_000)
})

// 2^31 ms are 24.8 days.
test.each([20, 24, 25, 30, 49, 50, 365, 40_000])('a deadline in %i days is one', async (days) => {
  const { code, body } = await fake.call('Wait', { ms: 20 }, { deadlineMs: days * 86_400_000 })
  expect([code, body.remaining_ms]).toEqual(['OK', 30_000])
})

test('a call ends at its deadline, and is logged as that', async () => {
  // Time enough to arrive, on a busy machine too.
  const { code } = await fake.call('Wait', { ms: 20_000 }, { deadlineMs: 5_000 })
  expect(code).toBe('DEADLINE_EXCEEDED')
  await until(() => fake.logged.of('request').length > 0)
  expect(fake.logged.of('request')).toEqual([expect.objectContaining({ code: 'DEADLINE_EXCEEDED' })])
})

test.each<[string, () => CallOptions]>([
  ['at the deadline', () => ({ deadlineMs: 5_000 })],
  ['when the caller cancels', () => ({ cancelWhen: untilNextBegins() })],
])('the signal of a method aborts %s', async (_, options) => {
  const before = left.Wait
  await fake.call('Wait', { ms: 20_000 }, options())
  await until(() => left.Wait === before + 1)
})

function untilNextBegins() {
  const before = begun.Wait
  return until(() => begun.Wait > before)
}

test('a call whose deadline passes during authentication is not begun', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] })
  const provider = createServer((_req, res) => void setTimeout(() => res.end(keys), 400)).listen(0)
  const { port } = provider.address() as AddressInfo
  const token = await new SignJWT({ sub: 'ada', exp: Date.now() / 1000 + 60 })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(privateKey)
  const other = await startFakeService(database.url, {}, { tokens: tokensBy(`http://127.0.0.1:${port}`) })
  const metadata = { authorization: `Bearer ${token}` }
  const before = begun.Wait

  const late = await other.call('Wait', {}, { metadata, deadlineMs: 100 })
  expect(late.code).toBe('DEADLINE_EXCEEDED')
  // By now the keys are there, for both.
  expect((await other.call('Wait', {}, { metadata })).code).toBe('OK')
  expect(begun.Wait).toBe(before + 1)
  await other.stop()
  await new Promise((resolve) => provider.close(resolve))
})

const tokensBy = (jwksUrl: string) => ({
  jwtSecret: undefined,
  jwksUrl,
  jwtIssuer: undefined,
  jwtAudience: undefined,
  jwtClockToleranceSeconds: 5,
  jwtMaxLifetimeSeconds: 86_400,
})
