import { gzipSync } from 'node:zlib'
import { setUp } from './user-service'

let users: Awaited<ReturnType<typeof setUp>>
let id: number
beforeAll(async () => {
  users = await setUp()
  id = (await users.createUser()).id
})
afterAll(async () => {
  expect(users.logged.of('request failed')).toEqual([])
  await users.tearDown()
})

const good = { email: 'good@example.com', name: 'Good', age: 30 }
const without = (field: keyof typeof good) => ({ ...good, [field]: undefined })

test.each<[string, unknown]>([
  ['no address', without('email')],
  ['no name', without('name')],
  ['no age', without('age')],
  ['an address without @', { ...good, email: 'good.example.com' }],
  ['an address without a domain', { ...good, email: 'good@' }],
  ['two addresses', { ...good, email: 'a@example.com, b@example.com' }],
  ['an address with a line break', { ...good, email: 'a@example.com\r\nBcc: b@example.com' }],
  ['an address with NUL', { ...good, email: 'a\0@example.com' }],
  ['an address of 255 characters', { ...good, email: `${'a'.repeat(243)}@example.com` }],
  ['an empty name', { ...good, name: '' }],
  ['a name of spaces', { ...good, name: ' \t ' }],
  ['a name with NUL', { ...good, name: 'a\0b' }],
  ['a name of 201 characters', { ...good, name: 'x'.repeat(201) }],
  ['a name with half of a surrogate pair', { ...good, name: 'x\ud800' }],
  ['an age below 0', { ...good, age: -1 }],
  ['an age above 150', { ...good, age: 151 }],
  ['an age beyond any integer', { ...good, age: 1e308 }],
  ['a fraction of a year', { ...good, age: 1.5 }],
  ['an age as text', { ...good, age: '30' }],
  ['no age at all', { ...good, age: null }],
  ['a field that is not known', { ...good, role: 'admin' }],
  ['an id of its own', { ...good, id: 1 }],
  ['a list', [good]],
  ['an object in an object', { ...good, name: { $ne: '' } }],
])('a user with %s is 400', async (_, body) => {
  const answer = await users.api.post('/api/v1/users', body)
  expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed'])
})

test.each<[string, string | Buffer<ArrayBuffer>, Record<string, string>, number, string]>([
  ['cut off', '{"email":', {}, 400, 'malformed_json'],
  ['a text', '"good"', {}, 400, 'malformed_json'],
  [
    'of another type',
    'email=good',
    { 'content-type': 'application/x-www-form-urlencoded' },
    415,
    'unsupported_media_type',
  ],
  ['too large', JSON.stringify({ ...good, name: 'x'.repeat(102_400) }), {}, 413, 'body_too_large'],
  ['a bomb', gzipSync(Buffer.alloc(10_000_000, ' ')), { 'content-encoding': 'gzip' }, 413, 'body_too_large'],
  ['not as packed as it claims', JSON.stringify(good), { 'content-encoding': 'gzip' }, 400, 'malformed_json'],
  [
    'a change of prototypes',
    '{"__proto__":{"age":1},"email":"a@example.com","name":"a","age":1}',
    {},
    400,
    'validation_failed',
  ],
])('a body that is %s is its own 4xx', async (_, rawBody, headers, status, code) => {
  const answer = await users.api.request({ method: 'POST', path: '/api/v1/users', rawBody, headers })
  expect([answer.status, answer.body.code]).toEqual([status, code])
})

const ids = ['abc', '0', '-1', '1.5', '%00', "1'--", '99999999999999999999', '9223372036854775807']
test.each(ids.flatMap((id) => ['GET', 'PUT', 'PATCH', 'DELETE'].map((method) => [method, id])))(
  '%s of the id %s is 400',
  async (method, id) => {
    const rawBody = ['PUT', 'PATCH'].includes(method) ? '{"age":1}' : undefined
    const answer = await users.api.request({ method: method, path: `/api/v1/users/${id}`, rawBody })
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_id'])
  },
)

test.each([
  'page=0',
  'page=abc',
  'page=1000001',
  'page=99999999999999999999',
  'page_size=0',
  'page=1&page=2',
  'active=1',
  'active=',
  'search=',
  'search=%00',
  `search=${'x'.repeat(201)}`,
  'search[a][b]=1',
  'sort=name',
  '__proto__[age]=1',
])('the query %s is 400', async (query) => {
  const { status, body } = await users.api.get(`/api/v1/users?${query}`)
  expect([status, body.code]).toEqual([400, 'validation_failed'])
})

test('a path that cannot be read, a method that is not there, and a path that is nowhere', async () => {
  const answers = [
    await users.api.get('/api/v1/users/%zz'),
    await users.api.delete('/api/v1/users'),
    await users.api.post(`/api/v1/users/${id}`, good),
    await users.api.get('/api/v1/user'),
  ]
  expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
    [400, 'malformed_url'],
    [405, 'method_not_allowed'],
    [405, 'method_not_allowed'],
    [404, 'route_not_found'],
  ])
})

test('every member of an answer that cannot be written is refused when it is sent back', async () => {
  const { body: user } = await users.api.get(`/api/v1/users/${id}`)
  for (const field of ['id', 'version', 'created_at', 'updated_at']) {
    const { status, body } = await users.api.patch(`/api/v1/users/${id}`, { age: 1, [field]: user[field] })
    expect([status, body.errors]).toEqual([
      400,
      [{ path: `body.${field}`, message: 'is not a field of this request' }],
    ])
  }
  const writable = { email: user.email, name: user.name, age: user.age, active: user.active }
  expect((await users.api.put(`/api/v1/users/${id}`, writable)).status).toBe(200)
})
