import { setUp } from './user-service'

let users: Awaited<ReturnType<typeof setUp>>
beforeAll(async () => {
  users = await setUp()
})
afterAll(() => users.tearDown())

let made = 0
const someone = () => ({ email: `someone${(made += 1)}@example.com`, name: 'Someone', age: 30 })
const create = (body: object, key: string) =>
  users.api.post('/api/v1/users', body, { headers: { 'idempotency-key': key } })
const total = async () => (await users.api.get('/api/v1/users')).body.pagination.total as number

test('the same request with the same key is answered again, and creates nobody', async () => {
  const user = someone()
  const first = await create(user, 'again')
  await users.api.patch(`/api/v1/users/${first.body.id}`, { age: 31 })
  const before = await total()
  const second = await create({ ...user, name: ' Someone ' }, '"again"')
  expect([second.status, second.body]).toEqual([201, first.body])
  expect(second.headers.get('idempotency-replayed')).toBe('true')
  expect(second.headers.get('location')).toBe(first.headers.get('location'))
  expect(first.headers.get('idempotency-replayed')).toBeNull()
  expect(await total()).toBe(before)
})

test('another request with the same key is 422', async () => {
  await create(someone(), 'other')
  const { status, body } = await create(someone(), 'other')
  expect([status, body.code]).toEqual([422, 'idempotency_key_reused'])
})

test('fifty at once with one key create one user', async () => {
  const user = someone()
  const good = await Promise.all(Array.from({ length: 50 }, () => create(user, 'at-once')))
  expect(new Set(good.map(({ status }) => status))).toEqual(new Set([201]))
  expect(new Set(good.map(({ body }) => body.id as number)).size).toBe(1)
  expect(good.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1)
})

test('a request that is refused keeps no key: it may be repeated when it can succeed', async () => {
  const user = someone()
  const holder = (await create(user, 'holder')).body
  expect((await create(user, 'later')).status).toBe(409)
  await users.api.delete(`/api/v1/users/${holder.id}`)
  const { status, body } = await create(user, 'later')
  expect(status).toBe(201)
  expect(body.id).not.toBe(holder.id)
})
