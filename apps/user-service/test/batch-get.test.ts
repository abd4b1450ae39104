import fc from 'fast-check'
import { setUp } from './user-service'

let users: Awaited<ReturnType<typeof setUp>>
beforeAll(async () => {
  users = await setUp()
})
afterAll(() => users.tearDown())

const read = (ids: string) => users.api.get(`/api/v1/users:batchGet?ids=${ids}`)

test('users are read together, as each is read alone, and those that there are not are left out', async () => {
  const created = [await users.createUser(), await users.createUser(), await users.createUser()]
  const [first, deleted, inactive] = created.map(({ id }) => id)
  await users.api.delete(`/api/v1/users/${deleted}`)
  await users.api.patch(`/api/v1/users/${inactive}`, { active: false })
  const alone = async (id?: number) => (await users.api.get(`/api/v1/users/${id}`)).body as unknown
  const { status, body } = await read(`${inactive},${deleted},999999,${first},${inactive}`)
  expect([status, body]).toEqual([200, { data: [await alone(inactive), await alone(first)] }])
})

test('whichever are asked for, those that there are come once each, in the order of the ids', async () => {
  const there = new Set<number>()
  for (let n = 0; n < 5; n += 1) there.add((await users.createUser()).id)
  const most = Math.max(...there) + 5
  const ids = fc.array(fc.integer({ min: 1, max: most }), { minLength: 1, maxLength: 30 })
  const { body } = await users.api.get('/api/v1/users?page_size=100')
  for (const { id } of body.data as { id: number }[]) there.add(id)
  await fc.assert(
    fc.asyncProperty(ids, async (asked) => {
      const { body } = await read(asked.join(','))
      expect((body.data as { id: number }[]).map(({ id }) => id)).toEqual(
        [...new Set(asked)].filter((id) => there.has(id)),
      )
    }),
    { numRuns: 50 },
  )
})

test('a hundred may be asked for', async () => {
  const ids = Array.from({ length: 100 }, (_, n) => 9_007_199_254_740_991 - n)
  expect((await read(ids.join(','))).body).toEqual({ data: [] })
})

test.each([
  ['no ids', ''],
  ['a text', 'one'],
  ['an empty id', '1,,2'],
  ['zero', '0'],
  ['a negative id', '-1'],
  ['an id beyond what numbers hold', '9999999999999999'],
  ['a hundred and one', Array(101).fill('1').join(',')],
  ['a filter beside them', '1&active=true'],
])('%s is refused', async (_, ids) => {
  const { status, body } = await read(ids)
  expect([status, body.code]).toEqual([400, 'validation_failed'])
})

test('without ids, and by another method, it is refused', async () => {
  expect((await users.api.get('/api/v1/users:batchGet')).status).toBe(400)
  expect((await users.api.post('/api/v1/users:batchGet', {})).status).toBe(405)
})
