import { setUp } from './user-service'

let users: Awaited<ReturnType<typeof setUp>>
beforeAll(async () => {
  users = await setUp()
})
afterAll(() => users.tearDown())

const create = (email: string) => users.api.post('/api/v1/users', { email, name: 'Name', age: 30 })

test('an address belongs to one user, whatever the case of its letters', async () => {
  await users.createUser({ email: 'Ada@Example.com' })
  for (const email of ['Ada@Example.com', 'ada@example.com', 'ADA@EXAMPLE.COM']) {
    const { status, body } = await create(email)
    expect([status, body.code, body.detail]).toEqual([409, 'email_taken', `${email} belongs to another user`])
  }
})

test('the address is kept as it was written', async () => {
  expect((await users.createUser({ email: 'Grace.Hopper@Example.com' })).email).toBe(
    'Grace.Hopper@Example.com',
  )
})

test('of twenty who ask for one address at once, exactly one gets it', async () => {
  const asking = Array.from({ length: 20 }, (_, i) => create(i % 2 ? 'RUSH@example.com' : 'rush@example.com'))
  const statuses = (await Promise.all(asking)).map(({ status }) => status)
  expect(statuses.sort()).toEqual([201, ...Array<number>(19).fill(409)])
})

test('the address of a deleted user is free again, as often as it likes', async () => {
  for (let i = 0; i < 3; i++) {
    const { id } = await users.createUser({ email: 'free@example.com' })
    expect((await create('FREE@example.com')).status).toBe(409)
    expect((await users.api.delete(`/api/v1/users/${id}`)).status).toBe(204)
  }
})

test("a change to another user's address is 409, and changes nothing", async () => {
  await users.createUser({ email: 'taken@example.com' })
  const user = await users.createUser({ name: 'Before' })
  const path = `/api/v1/users/${user.id}`
  const { status, body } = await users.api.patch(path, { email: 'TAKEN@example.com', name: 'After' })
  expect([status, body.code]).toEqual([409, 'email_taken'])
  expect((await users.api.get(path)).body).toMatchObject({ email: user.email, name: 'Before' })
})

test('a user may be given their own address again, and in another case', async () => {
  const { id } = await users.createUser({ email: 'own@example.com' })
  for (const email of ['own@example.com', 'Own@Example.com']) {
    expect((await users.api.put(`/api/v1/users/${id}`, { email })).body.email).toBe(email)
  }
})

test('of two users who change to one address at once, one gets it', async () => {
  const both = [await users.createUser(), await users.createUser()]
  const changing = both.map(({ id }) => users.api.patch(`/api/v1/users/${id}`, { email: 'both@example.com' }))
  const statuses = (await Promise.all(changing)).map(({ status }) => status)
  expect(statuses.sort()).toEqual([200, 409])
})

test.each([
  ['Jürgen@Example.com', 'JÜRGEN@example.com'],
  ['grün@example.com', 'gru\u0308n@example.com'],
  ['иван@пример.рф', 'ИВАН@ПРИМЕР.РФ'],
  ['strauß@example.com', 'STRAUSS@example.com'],
  ['οδός@example.com', 'ΟΔΌΣ@example.com'],
  ['info@münchen.example', 'info@xn--mnchen-3ya.example'],
  ['a/b@xn--e1afmkfd.xn--p1ai', 'A/B@пример.рф'],
])('%s is taken by a user, and so is %s', async (address, other) => {
  const { id, email } = await users.createUser({ email: address })
  expect(email).toBe(address)
  const { status, body } = await create(other)
  expect([status, body.code]).toEqual([409, 'email_taken'])

  const bystander = await users.createUser()
  expect((await users.api.patch(`/api/v1/users/${bystander.id}`, { email: other })).status).toBe(409)
  expect((await users.api.patch(`/api/v1/users/${id}`, { email: other })).body.email).toBe(other)
  expect((await create(address)).status).toBe(409)
  await users.api.delete(`/api/v1/users/${id}`)
  expect((await create(other)).status).toBe(201)
})

test('what is no address is refused by name, and changes no user', async () => {
  const { id } = await users.createUser()
  for (const email of ['jürgen@', 'ü b@example.com', 'ü@münchen.de/path']) {
    const answers = [await create(email), await users.api.patch(`/api/v1/users/${id}`, { email })]
    for (const { status, body } of answers)
      expect([status, body.code, body.errors]).toEqual([
        400,
        'validation_failed',
        [{ path: 'body.email', message: 'must be an e-mail address, such as ada@example.com' }],
      ])
  }
})
