import { createHash } from 'node:crypto'
import { createLogger } from '@ordinal/logging'
import { createGrpcClient, startTestRedis, until, type TestRedis } from '@ordinal/testing'
import { Redis } from 'ioredis'
import { loadProtos } from '@ordinal/grpc'
import { createQuotas } from '../src/numbers/quotas'
import { createLedgerDatabase, queryAsAdmin, startSequencer, valuesIn } from './sequencer'

const key = 'the-key-of-a-shop-that-is-long-enough'
const known = { 'x-api-key': key }
const env = {
  API_KEYS: `shop:${createHash('sha256').update(key).digest('hex')}`,
  SEQUENCER_ANONYMOUS_QUOTA_NUMBERS: '10',
  SEQUENCER_ANONYMOUS_QUOTA_RESERVATIONS: '4',
  SEQUENCER_QUOTA_NUMBERS: '20',
  TRUST_PROXY: '1',
}
const place = { site_id: 'site-1', partition_id: 'partition-a' }

let database: Awaited<ReturnType<typeof createLedgerDatabase>>
let sequencer: Awaited<ReturnType<typeof startSequencer>>
beforeEach(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, env)
})
afterEach(async () => {
  await sequencer.stop()
  await database.drop()
})

const draw = (body: object = {}, headers: Record<string, string> = {}, path = '/api/v1/next/SG') =>
  sequencer.api.post(path, body, { headers })
const from = (address: string) => ({ 'x-forwarded-for': address })

test('a caller that says nothing of itself draws so many numbers of a sequence in a minute, one by one or at once', async () => {
  expect((await draw({ count: 8 })).status).toBe(200)
  expect((await draw()).status).toBe(200)
  expect((await draw()).status).toBe(200)
  const { status, body, headers } = await draw()
  expect([status, body.code]).toEqual([429, 'quota_exceeded'])
  expect(body.detail).toMatch(/^More than 10 numbers of SG in a minute; try again in \d+ s$/)
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await sequencer.api.get('/api/v1/next/SG')).status).toBe(429)
  expect((await draw({ count: 11 }, {}, '/api/v1/next/INV')).status).toBe(429)
  expect(await valuesIn(database, 'SG')).toHaveLength(10)
  expect(await valuesIn(database, 'INV')).toEqual([])
})

test('the same holds for every way to draw one: the simplest call, that of sites, and gRPC', async () => {
  for (let n = 0; n < 10; n += 1) expect((await draw({}, {}, '/v1/sequence')).status).toBe(200)
  expect((await draw({}, {}, '/v1/sequence')).body.code).toBe('quota_exceeded')
  expect((await sequencer.api.get('/v1/sequence')).body.code).toBe('quota_exceeded')

  expect((await draw({ ...place, count: 10 }, {}, '/api/v1/sequence/next')).status).toBe(200)
  for (const invoice_type of ['on-cycle', 'suppressed'])
    expect((await draw({ ...place, invoice_type }, {}, '/api/v1/sequence/next')).body.code).toBe(
      'quota_exceeded',
    )

  expect((await draw({ count: 10 })).status).toBe(200)
  const protos = loadProtos(__dirname, 'sequencer.proto')
  const grpc = createGrpcClient(sequencer.grpcPort!, protos, 'sequential.SequentialIDService')
  const calls = [
    await grpc.call('GetNext', { prefix: 'SG' }),
    await grpc.call('GetNextBatch', { prefix: 'SG', count: 2 }),
  ]
  expect(calls.map(({ code }) => code)).toEqual(['RESOURCE_EXHAUSTED', 'RESOURCE_EXHAUSTED'])
  grpc.close()
})

test('one stranger uses up what another has as little as what a known caller has', async () => {
  expect((await draw({ count: 10 }, from('192.0.2.1'))).status).toBe(200)
  expect((await draw({}, from('192.0.2.1'))).status).toBe(429)
  expect((await draw({ count: 10 }, from('192.0.2.2'))).status).toBe(200)
  expect((await draw({ count: 10 }, from('2001:db8:1:2::1'))).status).toBe(200)
  expect((await draw({}, from('2001:db8:1:2:ffff::7'))).status).toBe(429)
  expect((await draw({ count: 20 }, { ...from('192.0.2.1'), ...known })).status).toBe(200)
  expect((await draw({}, { ...from('192.0.2.3'), ...known })).status).toBe(429)
})

test('reservations have a quota of their own, in that of numbers', async () => {
  expect((await draw({ count: 4, hold_seconds: 1 })).status).toBe(200)
  const { status, body } = await draw({ hold_seconds: 1 })
  expect([status, body.detail]).toEqual([429, expect.stringContaining('More than 4 reservations of SG')])
  expect((await draw()).status).toBe(200)
  for (let n = 0; n < 8; n += 1) expect((await draw({ hold_seconds: 60 }, known)).status).toBe(200)
})

test('a retry of what was answered before is free', async () => {
  const first = await draw({}, { 'idempotency-key': 'first' })
  await draw({ count: 9 })
  expect((await draw()).status).toBe(429)
  const again = await draw({}, { 'idempotency-key': 'first' })
  expect([again.status, again.body]).toEqual([200, first.body])
  expect((await draw({}, { 'idempotency-key': 'second' })).status).toBe(429)
})

test('many sequences that do not exist leave no counters behind, and are no way around one that does', async () => {
  for (let n = 0; n < 30; n += 1) expect((await draw({}, {}, `/api/v1/next/NO${n}`)).status).toBe(404)
  expect((await draw({ count: 10 })).status).toBe(200)
  expect((await draw()).status).toBe(429)
})

describe('with Redis', () => {
  let redis: TestRedis
  beforeAll(async () => void (redis = await startTestRedis()))
  afterAll(() => redis.remove())
  const connections = async () => {
    const observer = new Redis(redis.url)
    const clients = String(await observer.client('LIST'))
    observer.disconnect()
    return clients.split('name=sequencer-quotas').length - 1
  }

  test('a service that stops as soon as it starts leaves no connection behind', async () => {
    const settings = { quotaNumbers: 1, quotaReservations: 1, redisUrl: redis.url }
    const deps = {
      sequences: {} as never,
      allocator: {} as never,
      log: createLogger({ service: 'test', level: 'error' }),
    }
    const start = () => {
      const quotas = createQuotas(
        { ...settings, anonymousQuotaNumbers: 1, anonymousQuotaReservations: 1 },
        deps,
      )
      quotas.start()
      return quotas
    }
    await start().stop()
    const later = start()
    await until(async () => (await connections()) > 0)
    expect(await connections()).toBe(1)
    await later.stop()
  })

  test('instances share quotas, and go on by themselves while Redis is away', async () => {
    const shared = { ...env, REDIS_URL: redis.url }
    const [one, two] = [await startSequencer(database, shared), await startSequencer(database, shared)]
    await queryAsAdmin(
      database,
      `INSERT INTO sequences (prefix, version, template, reset, created_by)
       SELECT 'Q' || n, 1, '{prefix}-{seq}', 'never', 'test' FROM generate_series(1, 300) n`,
    )
    let asked = 0
    /** Draws six numbers of a new sequence twice. */
    const askTwice = async (...instances: [typeof one, typeof one]) => {
      const path = `/api/v1/next/Q${(asked += 1)}`
      const statuses: number[] = []
      for (const { api } of instances) statuses.push((await api.post(path, { count: 6 })).status)
      return statuses.join()
    }
    // One that is not connected yet, or gets no answer of Redis within 250 ms, counts by itself: 200,200.
    await until(async () => (await askTwice(one, two)) === '200,429')
    await redis.remove()
    expect(await askTwice(one, two)).toBe('200,200')
    expect(await askTwice(two, two)).toBe('200,429')
    await Promise.all([one.stop(), two.stop()])
  })
})
