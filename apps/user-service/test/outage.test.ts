import { createCutProxy, startTestPostgres, until, type ApiAnswer, type TestPostgres } from '@ordinal/testing'
import { migrateUsers } from '../src/app'
import { configFor, startUserService } from './user-service'

let postgres: TestPostgres
let users: Awaited<ReturnType<typeof startUserService>>

beforeAll(async () => {
  postgres = await startTestPostgres()
  await migrateUsers(configFor(postgres.adminUrl))
  users = await startUserService({ url: postgres.adminUrl })
})
afterAll(async () => {
  await users.service.stop()
  await postgres.remove()
})

const ada = { email: 'ada@example.com', name: 'Ada', age: 36 }

test('while the database is away every call is 503 with Retry-After, and afterwards all is as it was', async () => {
  const { body: created } = await users.api.post('/api/v1/users', ada)
  const path = `/api/v1/users/${created.id}`
  await postgres.kill9()

  const answers = [
    await users.api.get(path),
    await users.api.get('/api/v1/users'),
    await users.api.post('/api/v1/users', { ...ada, email: 'grace@example.com' }),
    await users.api.patch(path, { age: 37 }),
    await users.api.delete(path),
  ]
  for (const { status, headers, body } of answers) {
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'database_unavailable', '1'])
    expect(body.detail).toBe('The database does not answer at the moment')
  }
  expect((await users.api.get('/health/ready')).status).toBe(503)

  await postgres.restart()
  await until(async () => (await users.api.get('/health/ready')).status === 200)
  expect((await users.api.get(path)).body).toEqual(created)
  expect((await users.api.get('/api/v1/users')).body.pagination.total).toBe(1)
})

test('a database that has fallen silent costs every call a 503 with Retry-After, in time', async () => {
  const { body: created } = await users.api.post('/api/v1/users', { ...ada, email: 'linus@example.com' })
  const path = `/api/v1/users/${created.id}`
  const url = new URL(postgres.adminUrl)
  const proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
  url.port = String(proxy.port)
  const { service, api } = await startUserService({ url: url.href })
  const grace = { email: 'grace@example.com', name: 'Grace', age: 36 }
  const calls: [what: string, call: () => Promise<ApiAnswer>][] = [
    ['INSERT INTO users', () => api.post('/api/v1/users', grace)],
    [
      'INSERT INTO idempotency_records',
      () => api.post('/api/v1/users', grace, { headers: { 'Idempotency-Key': 'k' } }),
    ],
    ['WHERE id = ANY', () => api.get(path)],
    ['FROM users WHERE', () => api.get('/api/v1/users')],
    ['UPDATE "public"', () => api.patch(path, { age: 37 })],
    ['UPDATE "public"', () => api.delete(path)],
  ]
  const asking: Promise<ApiAnswer>[] = []
  for (const [index, [what, call]] of calls.entries()) {
    proxy.cutAt(what, 'silence')
    asking.push(call())
    await until(() => proxy.cuts > index)
  }
  for (const { status, headers, body } of await Promise.all(asking))
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'database_unavailable', '1'])
  expect(proxy.cuts).toBe(calls.length)

  expect((await api.get(path)).body).toEqual(created)
  await service.stop()
  await proxy.close()
})
