import { setTimeout as delay } from 'node:timers/promises'
import { setUp } from './user-service'

let users: Awaited<ReturnType<typeof setUp>>
beforeAll(async () => {
  users = await setUp()
})
afterAll(() => users.tearDown())

const ada = { email: 'ada@example.com', name: 'Ada Lovelace', age: 36 }

test('a user is created as asked for, active, and found under the Location that is answered', async () => {
  const { status, headers, body } = await users.api.post('/api/v1/users', ada)
  expect(status).toBe(201)
  expect(body).toEqual({
    ...ada,
    id: expect.any(Number) as number,
    active: true,
    version: 1,
    created_at: expect.any(String) as string,
    updated_at: body.created_at,
  })
  expect(Math.abs(Date.now() - Date.parse(body.created_at as string))).toBeLessThan(10_000)
  expect(headers.get('location')).toBe(`/api/v1/users/${body.id}`)
  expect(await users.api.get(headers.get('location')!)).toMatchObject({ status: 200, body })
})

test('a name may have any letters, and loses the spaces around it', async () => {
  const { name } = await users.createUser({ name: '  Zoë 李 O’Brien 👩‍💻 ' })
  expect(name).toBe('Zoë 李 O’Brien 👩‍💻')
})

test.each([0, 150])('an age of %d is one', async (age) => {
  expect((await users.createUser({ age })).age).toBe(age)
})

test.each(['PUT', 'PATCH'])('%s changes the fields that are given, and those only', async (method) => {
  const user = await users.createUser()
  const path = `/api/v1/users/${user.id}`
  const change = (body: object) => users.api.request({ method, path, body })

  await delay(2)
  const changed = await change({ age: 77 })
  expect(changed).toMatchObject({
    status: 200,
    body: { ...user, age: 77, version: 2, updated_at: expect.any(String) as string },
  })
  expect(changed.body.updated_at > changed.body.created_at).toBe(true)

  const all = { email: `all.${method}@example.com`, name: 'All', age: 1, active: false }
  expect((await change(all)).body).toMatchObject({ id: user.id, ...all })
  expect((await users.api.get(path)).body).toMatchObject(all)
})

test.each(['PUT', 'PATCH'])(
  '%s without a field, or with one that may not be written, is 400',
  async (method) => {
    const { id } = await users.createUser()
    for (const body of [
      {},
      { id: 8 },
      { created_at: '2026-01-01T00:00:00.000Z' },
      { deleted_at: null },
      { name: null },
    ]) {
      const answer = await users.api.request({ method, path: `/api/v1/users/${id}`, body })
      expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed'])
    }
  },
)

test('a deleted user is found no more, by any call', async () => {
  const { id, email } = await users.createUser()
  const path = `/api/v1/users/${id}`
  expect((await users.api.delete(path)).status).toBe(204)

  const answers = [
    await users.api.get(path),
    await users.api.put(path, { age: 1 }),
    await users.api.patch(path, { age: 1 }),
    await users.api.delete(path),
  ]
  for (const { status, body } of answers) expect([status, body.code]).toEqual([404, 'user_not_found'])
  expect((await users.api.get(`/api/v1/users?search=${email}`)).body.pagination.total).toBe(0)
})

test('a user who never was is 404', async () => {
  for (const id of [999_999_999, Number.MAX_SAFE_INTEGER]) {
    const { status, body } = await users.api.get(`/api/v1/users/${id}`)
    expect([status, body.code, body.detail]).toEqual([404, 'user_not_found', `There is no user ${id}`])
  }
})

test('a PATCH may be a merge patch, by its media type; a field cannot be removed by null', async () => {
  const user = await users.createUser()
  const patch = (method: string, type: string, body: object) =>
    users.api.request({
      method,
      path: `/api/v1/users/${user.id}`,
      rawBody: JSON.stringify(body),
      headers: { 'content-type': type },
    })
  for (const [index, type] of [
    'application/merge-patch+json',
    'application/merge-patch+json; charset=utf-8',
    'Application/Merge-Patch+JSON',
  ].entries()) {
    const { status, body } = await patch('PATCH', type, { age: index })
    expect([status, body.age, body.name]).toEqual([200, index, user.name])
  }
  const removing = await patch('PATCH', 'application/merge-patch+json', { name: null })
  expect([removing.status, removing.body.code]).toEqual([400, 'validation_failed'])
  const taken = 'application/json, application/merge-patch+json'
  for (const [method, type] of [
    ['PUT', 'application/merge-patch+json'],
    ['PATCH', 'application/json-patch+json'],
  ] as const) {
    const { status, headers, body } = await patch(method, type, { age: 9 })
    expect([status, body.code]).toEqual([415, 'unsupported_media_type'])
    expect(headers.get('accept-patch')).toBe(method === 'PATCH' ? taken : null)
  }
  for (const headers of [
    { 'content-type': 'application/json; charset=latin1', 'content-encoding': 'identity' },
    { 'content-type': 'application/json', 'content-encoding': 'sesame' },
  ]) {
    const path = `/api/v1/users/${user.id}`
    const answer = await users.api.request({ method: 'PATCH', path, rawBody: '{"age":9}', headers })
    expect([answer.status, answer.headers.get('accept-patch')]).toEqual([415, taken])
  }
  for (const [method, path, told] of [
    ['OPTIONS', `/api/v1/users/${user.id}`, taken],
    ['OPTIONS', '/api/v1/users', null],
    ['POST', `/api/v1/users/${user.id}`, null],
  ] as const) {
    const { status, headers } = await users.api.request({ method, path })
    expect([method, path, status, headers.get('accept-patch')]).toEqual([method, path, 405, told])
  }
})
