import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import { startFakeService } from './fake-service'

let database: TestDatabase
let fake: Awaited<ReturnType<typeof startFakeService>>

beforeAll(async () => {
  database = await createTestDatabase()
  fake = await startFakeService(database.url)
})
afterAll(async () => {
  await fake.service.stop()
  await database.drop()
})

const create = (body: unknown) => fake.api.post('/api/v1/things', body)
const list = (query: string) => fake.api.get(`/api/v1/things?${query}`)

test('a field may come in snake_case or in lowerCamelCase', async () => {
  expect((await create({ name: 'nut', unit_price: 3 })).body.unit_price).toBe(3)
  expect((await create({ name: 'nut', unitPrice: 4 })).body.unit_price).toBe(4)
  expect((await list('page_size=7')).body.pagination.page_size).toBe(7)
  expect((await list('pageSize=8&isActive=true')).body.pagination.page_size).toBe(8)
})

test('a field in both spellings is refused, in any order', async () => {
  for (const body of [
    { name: 'nut', unit_price: 3, unitPrice: 4 },
    { unitPrice: 4, unit_price: 3, name: 'nut' },
  ]) {
    expect((await create(body)).body.errors).toEqual([
      { path: 'body.unitPrice', message: 'is not a field of this request' },
    ])
  }
})

test('every fault of a request is named at once, by its path', async () => {
  const { status, body } = await create({ name: '', unit_price: '3', colour: 'red' })
  expect([status, body.code]).toEqual([400, 'validation_failed'])
  const paths = body.errors.map(({ path }: { path: string }) => path)
  expect(paths.sort()).toEqual(['body.colour', 'body.name', 'body.unit_price'])
  expect(body.detail).toContain(': ')
})

test('a member of an answer that may not be written is refused in a request', async () => {
  const { body } = await create({ id: 1, name: 'nut', unit_price: 3 })
  expect(body.errors).toEqual([{ path: 'body.id', message: 'is not a field of this request' }])
})

test.each([
  ['a list', []],
  ['null in place of a field', { name: null, unit_price: 3 }],
  ['an object in place of a text', { name: { toString: 'nut' }, unit_price: 3 }],
  ['a fraction', { name: 'nut', unit_price: 0.5 }],
  ['a number as text', { name: 'nut', unit_price: '3' }],
  ['a number above the range', { name: 'nut', unit_price: 1e300 }],
  ['NUL in a text', { name: 'a\0b', unit_price: 3 }],
  ['a line break in a text', { name: 'a\nb', unit_price: 3 }],
  ['half of a surrogate pair', { name: '\ud800', unit_price: 3 }],
  ['nothing but spaces', { name: '   ', unit_price: 3 }],
  ['a text that is too long', { name: 'x'.repeat(21), unit_price: 3 }],
])('%s is 400', async (_, body) => {
  const answer = await create(body)
  expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed'])
})

test.each([
  'page=0',
  'page=-1',
  'page=1.5',
  'page=',
  'page=1e2',
  'page=99999999999999999999',
  'page=1&page=2',
  'page_size=101',
  'is_active=yes',
  'search=',
  'search=%00',
  'unknown=1',
  'page[]=1',
  'page[a]=1',
  `a${'[b]'.repeat(500)}=1`,
  '__proto__=1',
  '__proto__[admin]=true',
  'constructor[prototype][admin]=true',
])('the query %s is 400', async (query) => {
  const { status, body } = await list(query)
  expect([status, body.code]).toEqual([400, 'validation_failed'])
  expect(({} as { admin?: unknown }).admin).toBeUndefined()
})

test.each(['__proto__', 'constructor', 'prototype', 'toString'])(
  'a body with the member %s is 400, and changes no prototype',
  async (name) => {
    const rawBody = `{"name":"nut","unit_price":3,"${name}":{"admin":true}}`
    const { status, body } = await fake.api.request({ method: 'POST', path: '/api/v1/things', rawBody })
    expect([status, body.errors]).toEqual([
      400,
      [{ path: `body.${name}`, message: 'is not a field of this request' }],
    ])
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
  },
)

test('a member __proto__ does not stand for the fields it holds', async () => {
  const rawBody = '{"__proto__":{"name":"nut","unit_price":3}}'
  const { status } = await fake.api.request({ method: 'POST', path: '/api/v1/things', rawBody })
  expect(status).toBe(400)
})

test('a route without a query refuses one', async () => {
  const { status, body } = await fake.api.get('/api/v1/things/7?verbose=true')
  expect([status, body.errors[0].path]).toEqual([400, 'query.verbose'])
})
