import { setUp } from './user-service'

let users: Awaited<ReturnType<typeof setUp>>
beforeEach(async () => {
  users = await setUp()
})
afterEach(() => users.tearDown())

const list = async (query = '') => (await users.api.get(`/api/v1/users?${query}`)).body
const namesOf = (page: { data: { name: string }[] }) => page.data.map(({ name }) => name)
const find = async (search: string) => namesOf(await list(`search=${encodeURIComponent(search)}`))

test('without users the list is empty', async () => {
  expect(await list()).toEqual({
    data: [],
    pagination: { page: 1, page_size: 20, total: 0, total_pages: 0, next_cursor: null },
  })
})

test('pages are oldest first, each user on one of them, with the totals of all', async () => {
  for (let i = 1; i <= 7; i++) await users.createUser({ name: `User ${i}` })
  const pages = [
    await list('page=1&page_size=3'),
    await list('page=2&page_size=3'),
    await list('page=3&page_size=3'),
  ]
  expect(pages.map(namesOf)).toEqual([
    ['User 1', 'User 2', 'User 3'],
    ['User 4', 'User 5', 'User 6'],
    ['User 7'],
  ])
  for (const [index, { pagination }] of pages.entries()) {
    expect(pagination).toEqual({
      page: index + 1,
      page_size: 3,
      total: 7,
      total_pages: 3,
      next_cursor: index < 2 ? (expect.any(String) as string) : null,
    })
  }
})

test('a page beyond the end is empty, and still has the totals', async () => {
  await users.createUser()
  for (const page of [2, 1_000_000]) {
    expect(await list(`page=${page}&page_size=100`)).toEqual({
      data: [],
      pagination: { page, page_size: 100, total: 1, total_pages: 1, next_cursor: null },
    })
  }
})

test('twenty users are a page if nothing is asked for, and a hundred at most', async () => {
  await Promise.all(Array.from({ length: 101 }, () => users.createUser()))
  expect((await list()).data).toHaveLength(20)
  expect((await list('page_size=100')).data).toHaveLength(100)
  for (const size of ['0', '101', '1000000']) {
    expect((await users.api.get(`/api/v1/users?page_size=${size}`)).status).toBe(400)
  }
})

test('deleted users are neither listed nor counted', async () => {
  const { id } = await users.createUser({ name: 'Gone' })
  await users.createUser({ name: 'Here' })
  await users.api.delete(`/api/v1/users/${id}`)
  const page = await list()
  expect([namesOf(page), page.pagination.total]).toEqual([['Here'], 1])
})

test('a search finds what names and addresses contain, whatever the case', async () => {
  await users.createUser({ name: 'Ada Lovelace', email: 'ada@first.example' })
  await users.createUser({ name: 'Ägir Ørsted', email: 'second@example.com' })
  expect(await find('LOVE')).toEqual(['Ada Lovelace'])
  expect(await find('@FIRST')).toEqual(['Ada Lovelace'])
  expect(await find('ägir ø')).toEqual(['Ägir Ørsted'])
  expect(await find('EXAMPLE')).toEqual(['Ada Lovelace', 'Ägir Ørsted'])
  expect(await find('nobody')).toEqual([])
})

test.each([
  ['%', '50% off', '500 off'],
  ['_', 'snake_case', 'snakeXcase'],
  ['\\', 'back\\slash', 'backslash'],
  ['\\%', 'a\\%b', 'a%b'],
  ["'", "O'Brien", 'OBrien'],
  ['"', 'the "one"', 'the one'],
  [';--', 'x;--y', 'x'],
])('in a search %s stands for itself', async (search, name, other) => {
  await users.createUser({ name })
  await users.createUser({ name: other })
  expect(await find(search)).toEqual([name])
})

test('active and inactive users can be told apart', async () => {
  const { id } = await users.createUser({ name: 'Asleep' })
  await users.createUser({ name: 'Awake' })
  await users.api.patch(`/api/v1/users/${id}`, { active: false })
  expect(namesOf(await list('active=true'))).toEqual(['Awake'])
  expect(namesOf(await list('active=false'))).toEqual(['Asleep'])
  expect(namesOf(await list())).toEqual(['Asleep', 'Awake'])
  expect(namesOf(await list('active=true&search=a'))).toEqual(['Awake'])
})

test('by cursor each user comes once, whoever is created or deleted meanwhile, and nothing is counted', async () => {
  for (let i = 1; i <= 5; i++) await users.createUser({ name: `User ${i}` })
  const first = await list('cursor=0&page_size=2')
  expect(first.pagination).toEqual({ page_size: 2, next_cursor: expect.any(String) as string })
  await users.api.delete(`/api/v1/users/${first.data[0].id}`)
  await users.createUser({ name: 'User 6' })
  const second = await list(`cursor=${first.pagination.next_cursor}&page_size=2`)
  const third = await list(`cursor=${second.pagination.next_cursor}&page_size=2`)
  expect([first, second, third].flatMap(namesOf)).toEqual([1, 2, 3, 4, 5, 6].map((n) => `User ${n}`))
  expect(third.pagination).toEqual({ page_size: 2, next_cursor: null })
})

test('a cursor of another list or of other filters, and a cursor beside a page, are 400', async () => {
  for (let i = 1; i <= 3; i++) await users.createUser({ name: `User ${i}` })
  const { next_cursor } = (await list('page_size=1')).pagination
  const { next_cursor: ofUsers } = (await list('page_size=1&search=user')).pagination
  expect(namesOf(await list(`cursor=${ofUsers}&search=user`))).toEqual(['User 2', 'User 3'])
  const old = Buffer.from('[1]').toString('base64url')
  const other = [`cursor=${next_cursor}&search=user`, `cursor=${ofUsers}`, `cursor=${ofUsers}&search=users`]
  for (const query of [
    ...other,
    `cursor=${old}`,
    'cursor=x',
    'cursor=WyJhIl0',
    'cursor=',
    'cursor=0&page=1',
  ]) {
    const { status, body } = await users.api.get(`/api/v1/users?${query}`)
    expect([status, body.code]).toEqual([400, 'validation_failed'])
  }
})
