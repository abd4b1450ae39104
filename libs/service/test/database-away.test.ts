import { startTestPostgres, until, type TestPostgres } from '@ordinal/testing'
import { startFakeService } from './fake-service'

let postgres: TestPostgres
let fake: Awaited<ReturnType<typeof startFakeService>>

beforeAll(async () => {
  postgres = await startTestPostgres({ fsync: 'off' })
  fake = await startFakeService(postgres.adminUrl, {}, { checks: [optional] })
})
afterAll(async () => {
  await fake.service.stop()
  await postgres.remove()
})

let optionalCheck: () => Promise<string> | string = () => 'closed'
const optional = { name: 'user-service', required: false, check: () => optionalCheck() }

const ready = () => fake.api.get('/health/ready')

test('with everything up the service is ok, ready, and tells what it watches', async () => {
  const checks = { database: 'up', 'user-service': 'closed' }
  expect(await ready()).toMatchObject({
    status: 200,
    body: { status: 'ok', service: 'fake-service', checks },
  })
  expect(await fake.api.get('/health')).toMatchObject({
    status: 200,
    body: { status: 'ok', checks, authentication_required: false },
  })
  expect(await fake.api.get('/health/live')).toMatchObject({ status: 200, body: { status: 'ok' } })
})

test.each<[string, () => Promise<string>]>([
  ['fails', () => Promise.reject(new Error('ECONNREFUSED 10.0.0.7'))],
  ['does not answer', () => new Promise(() => {})],
])(
  'an optional part that %s makes the service degraded, but ready, and tells nothing of why',
  async (_, check) => {
    optionalCheck = check
    const { status, body } = await ready()
    expect([status, body.status]).toEqual([200, 'degraded'])
    expect(body.checks).toEqual({ database: 'up', 'user-service': 'down' })
    optionalCheck = () => 'closed'
    expect((await ready()).body.status).toBe('ok')
  },
)

test('why a part is down is logged once for each time it goes down', async () => {
  fake.logged.entries.splice(0)
  optionalCheck = () => Promise.reject(new Error('ECONNREFUSED 10.0.0.7'))
  await ready()
  await ready()
  optionalCheck = () => 'closed'
  await ready()
  await ready()
  expect(fake.logged.of('a health check fails')).toMatchObject([
    { check: 'user-service', error: { message: 'ECONNREFUSED 10.0.0.7' } },
  ])
  expect(fake.logged.of('a health check passes again')).toMatchObject([{ check: 'user-service' }])
})

test('a statement that fails for another reason is a fault of ours: 500', async () => {
  const { status, body } = await fake.api.get(`/api/v1/rows?sql=${encodeURIComponent('SELECT 1/0')}`)
  expect([status, body.code]).toEqual([500, 'internal_error'])
})

test.each(['53100', '58030'])('a database whose disk is full or broken (%s) is 503', async (sqlState) => {
  const sql = `DO $$ BEGIN RAISE 'x' USING ERRCODE = '${sqlState}'; END $$`
  const { status, headers, body } = await fake.api.get(`/api/v1/rows?sql=${encodeURIComponent(sql)}`)
  expect([status, body.code]).toEqual([503, 'database_unavailable'])
  expect(headers.get('retry-after')).toBe('1')
})

describe('while the database is away', () => {
  beforeAll(() => postgres.kill9())

  test('what needs it is 503 with Retry-After, at once and without internals', async () => {
    const took: number[] = []
    for (let times = 0; times < 3; times += 1) {
      const started = performance.now()
      const { status, headers, body } = await fake.api.get('/api/v1/rows')
      took.push(performance.now() - started)
      expect([status, body.code]).toEqual([503, 'database_unavailable'])
      expect(headers.get('retry-after')).toBe('1')
      expect(body.detail).not.toContain('127.0.0.1')
    }
    // A machine that is busy with other work may pause during one.
    expect(Math.min(...took)).toBeLessThan(1_000)
  })

  test('what does not need it is served', async () => {
    expect((await fake.api.get('/api/v1/things/7')).status).toBe(200)
  })

  test('the service is alive, but not ready', async () => {
    expect(await ready()).toMatchObject({
      status: 503,
      body: { status: 'unavailable', checks: { database: 'down' } },
    })
    expect((await fake.api.get('/health')).status).toBe(503)
    expect((await fake.api.get('/health/live')).status).toBe(200)
  })

  test('metrics are still told', async () => {
    expect((await fake.api.get('/metrics')).status).toBe(200)
    expect((await fake.api.get('/metrics/db')).status).toBe(200)
  })

  test('when it is back, so is the service, without a restart', async () => {
    await postgres.restart()
    await until(async () => (await ready()).status === 200)
    expect(await fake.api.get('/api/v1/rows')).toMatchObject({ status: 200, body: [{ number: 1 }] })
  })
})

test.each<[string, Record<string, string>]>([
  ['is read-only, as a standby is', { default_transaction_read_only: 'on' }],
  ['has no standby that confirms', { synchronous_standby_names: 'nobody' }],
])('while the database %s, the service is not ready, and is again without a restart', async (_, settings) => {
  await postgres.restart(settings)
  await until(async () => (await ready()).status === 503)
  // Reads work all the same: only a check that writes finds this.
  expect((await fake.api.get('/api/v1/rows')).status).toBe(200)
  expect(await ready()).toMatchObject({ status: 503, body: { checks: { database: 'down' } } })
  await postgres.restart({ default_transaction_read_only: 'off', synchronous_standby_names: '' })
  await until(async () => (await ready()).status === 200)
})
