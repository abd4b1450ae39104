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
