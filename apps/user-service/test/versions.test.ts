import { Pool } from 'pg'
import { setUp } from './user-service'

let users: Awaited<ReturnType<typeof setUp>>
let path: string
beforeAll(async () => {
  users = await setUp()
})
beforeEach(async () => {
  path = `/api/v1/users/${(await users.createUser()).id}`
})
afterAll(() => users.tearDown())

const change = (method: string, ifMatch: string, body: object | undefined = { age: 50 }) =>
  users.api.request({ method, path, body, headers: { 'if-match': ifMatch } })

test('a user begins at version 1, and every change counts it up, which is the ETag', async () => {
  const created = await users.api.post('/api/v1/users', { email: 'v@example.com', name: 'V', age: 1 })
  expect([created.body.version, created.headers.get('etag')]).toEqual([1, '"1"'])
  path = created.headers.get('location')!
  for (const version of [2, 3, 4]) {
    const { body, headers } = await users.api.patch(path, { age: version })
    expect([body.version, headers.get('etag')]).toEqual([version, `"${version}"`])
    const read = await users.api.get(path)
    expect([read.body.version, read.headers.get('etag')]).toEqual([version, `"${version}"`])
  }
})

test.each(['PUT', 'PATCH', 'DELETE'])(
  '%s with If-Match changes the version that is named, and no other',
  async (method) => {
    const body = method === 'DELETE' ? undefined : { age: 50 }
    await users.api.patch(path, { age: 40 })
    for (const ifMatch of ['"1"', 'W/"1"', '1', '"3"', 'x', '']) {
      const { status, body: problem } = await change(method, ifMatch, body)
      expect([ifMatch, status, problem.code]).toEqual([ifMatch, 412, 'version_mismatch'])
      expect(problem.detail).toMatch(/is at version 2; its ETag is "2"$/)
    }
    expect((await users.api.get(path)).body).toMatchObject({ age: 40, version: 2 })
    expect((await change(method, 'W/"2"', body)).status).toBe(method === 'DELETE' ? 204 : 200)
  },
)

test.each(['"1"', 'W/"1"', '1', '*', '"7", "1"', '"1-gzip"'])(
  'If-Match: %s is version 1',
  async (ifMatch) => {
    expect((await change('PATCH', ifMatch)).body).toMatchObject({ age: 50, version: 2 })
  },
)

test.each(['PUT', 'PATCH'])('%s with what the user has already counts no version', async (method) => {
  const before = (await users.api.get(path)).body
  const { email, name, age, active } = before
  for (const body of [{ age }, { email }, { name, active }, { email, name, age, active }])
    for (const ifMatch of ['*', '"1"', '"3", "1"']) {
      const answer = await change(method, ifMatch, body)
      expect([answer.status, answer.body, answer.headers.get('etag')]).toEqual([200, before, '"1"'])
    }
  expect((await change(method, '"2"', { age })).status).toBe(412)
  expect((await change(method, '"1"', { age, name: `${name}!` })).body).toMatchObject({ age, version: 2 })
  expect((await change(method, '"2"', { email: email.toUpperCase() })).body.version).toBe(3)
})

test('of twenty callers who make the same change, one counts a version', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => users.api.patch(path, { age: 77 })))
  for (const { status, body } of answers) expect([status, body.age, body.version]).toEqual([200, 77, 2])
})

test('of twenty who change the version that they read, one does', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => change('PATCH', '"1"')))
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(19).fill(412)])
  expect((await users.api.get(path)).body.version).toBe(2)
})

test('a change that the database never makes is refused, not tried for ever', async () => {
  const pool = new Pool({ connectionString: users.database.url, max: 1 })
  try {
    await pool.query(
      `CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
    )
    await pool.query(
      'CREATE TRIGGER suppress BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION suppress()',
    )
    for (const method of ['PUT', 'PATCH', 'DELETE'])
      for (const ifMatch of ['*', '"1"', '"1", "2"']) {
        const { status, body } = await change(method, ifMatch, method === 'DELETE' ? undefined : { age: 50 })
        expect([status, body.code]).toEqual([412, 'version_mismatch'])
      }
  } finally {
    await pool.query('DROP FUNCTION IF EXISTS suppress CASCADE')
    await pool.end()
  }
})

test('a user who is gone is 404, whatever version is named', async () => {
  await users.api.delete(path)
  for (const method of ['PUT', 'PATCH']) expect((await change(method, '"1"')).status).toBe(404)
  expect((await change('DELETE', '"1"', undefined)).status).toBe(404)
})

test('a user who has not changed since it was read is 304', async () => {
  const { headers } = await users.api.get(path)
  const again = () => users.api.get(path, { headers: { 'if-none-match': headers.get('etag')! } })
  expect((await again()).status).toBe(304)
  await users.api.patch(path, { age: 40 })
  expect(await again()).toMatchObject({ status: 200, body: { age: 40, version: 2 } })
})

test('a condition that creating a user does not evaluate is refused, and nobody is created', async () => {
  const user = { email: 'once@example.com', name: 'Once', age: 1 }
  for (const name of ['if-match', 'if-none-match', 'if-unmodified-since']) {
    const { status, body } = await users.api.post('/api/v1/users', user, { headers: { [name]: '*' } })
    expect([status, body.code]).toEqual([400, 'condition_not_supported'])
  }
  expect((await users.api.get('/api/v1/users?search=once@example.com')).body.data).toEqual([])
})
