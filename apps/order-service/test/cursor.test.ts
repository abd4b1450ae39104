import { cursorsOf } from '@ordinal/http'
import { z } from 'zod'
import { orderCursors } from '../src/orders/schemas'
import { anOrder, createWorld, type Instance, type World } from './world'

let world: World
let service: Instance

beforeAll(async () => {
  world = await createWorld()
  service = await world.startService()
})
afterAll(() => world.end())
beforeEach(() => world.query('TRUNCATE orders, idempotency_records RESTART IDENTITY CASCADE'))

/** Orders of users 1 and 2 by turns, with the statuses by turns; each third waits for its number, for longer than a test takes. */
const fill = (count: number) =>
  world.query(
    `INSERT INTO orders (reference, order_number, user_id, product_id, quantity, total_price, status, numbering_after)
     SELECT gen_random_uuid(), CASE WHEN n % 3 > 0 THEN 'OLD-' || n END, 1 + n % 2, 'P' || n % 3, 1, 1,
       (enum_range(NULL::order_status))[1 + n % 5], now() + interval '1 hour' FROM generate_series(1, $1::int) AS n`,
    [count],
  )

const list = async (query: string) => {
  const { status, body } = await service.api.get(`/api/v1/orders?${query}`)
  expect(status).toBe(200)
  const { next_cursor, ...pagination } = body.pagination
  return { ids: body.data.map(({ id }: { id: number }) => id) as number[], next: next_cursor, pagination }
}

/** Follows a list to its end. */
async function follow(cursor: string, filter: string, meanwhile?: (ids: number[]) => unknown) {
  const all: number[] = []
  for (let next: string | null = cursor; next !== null;) {
    const piece: Awaited<ReturnType<typeof list>> = await list(`cursor=${next}&${filter}`)
    all.push(...piece.ids)
    await meanwhile?.(piece.ids)
    next = piece.next
  }
  return all
}

const idsWhere = async (condition: string) => {
  const rows = await world.query<{ id: string }>(`SELECT id FROM orders WHERE ${condition} ORDER BY id`)
  return rows.map(({ id }) => Number(id))
}

test('a list is followed by cursor to its end, from the beginning or from a page, and never counted', async () => {
  await fill(25)
  const all = await idsWhere('true')
  expect(await follow('0', 'page_size=10')).toEqual(all)
  expect((await list('cursor=0&page_size=10')).pagination).toEqual({ page_size: 10 })
  const first = await list('page=2&page_size=5')
  expect(first.pagination).toEqual({ page: 2, page_size: 5, total: 25, total_pages: 5 })
  expect(await follow(first.next, 'page_size=7')).toEqual(all.slice(10))
})

test.each([
  [10, 10],
  [11, 10],
  [9, 10],
  [0, 10],
  [1, 1],
])('the end of %i orders in pieces of %i comes with the last of them', async (count, size) => {
  await fill(count)
  const pieces: number[] = []
  await follow('0', `page_size=${size}`, (ids) => pieces.push(ids.length))
  expect(pieces).toHaveLength(Math.max(1, Math.ceil(count / size)))
  const last = await list(`page=${Math.max(1, Math.ceil(count / size))}&page_size=${size}`)
  expect(last.next).toBeNull()
})

test.each([
  ['user_id=2', 'user_id = 2'],
  ['status=shipped', "status = 'shipped'"],
  ['product_id=P1', "product_id = 'P1'"],
  ['user_id=2&status=shipped&product_id=P1', "user_id = 2 AND status = 'shipped' AND product_id = 'P1'"],
  ['without_number=true', 'order_number IS NULL'],
  ['without_number=true&user_id=2', 'order_number IS NULL AND user_id = 2'],
])('%s is followed by cursor, too', async (filter, condition) => {
  await fill(90)
  const expected = await idsWhere(condition)
  expect(expected.length).toBeGreaterThan(2)
  expect(await follow('0', `${filter}&page_size=2`)).toEqual(expected)
})

test('no order comes twice or is passed over, though others are placed and deleted meanwhile', async () => {
  await fill(40)
  const before = await idsWhere('true')
  const seen = new Set<number>()
  const deletedUnseen: number[] = []
  let placed = 0
  const all = await follow('0', 'page_size=5', async (ids) => {
    for (const id of ids) seen.add(id)
    // One that was read and one that was not go; by page, what follows would move up, and one would be missed.
    const [unseen] = (await idsWhere('deleted_at IS NULL')).filter((id) => id > ids.at(-1)!)
    for (const id of [ids[0], unseen]) if (id) await service.api.delete(`/api/v1/orders/${id}`)
    if (unseen) deletedUnseen.push(unseen)
    if ((placed += 1) <= 3) await service.api.post('/api/v1/orders', anOrder)
  })
  expect(new Set(all).size).toBe(all.length)
  expect(deletedUnseen.length).toBeGreaterThan(5)
  const expected = (await idsWhere('true')).filter((id) => !deletedUnseen.includes(id))
  expect(all).toEqual(expected)
  expect(all.filter((id) => !before.includes(id)).length).toBeGreaterThan(0)
})

test('the same, by page, passes over orders: the test above could fail', async () => {
  await fill(10)
  const first = await list('page=1&page_size=5')
  await service.api.delete(`/api/v1/orders/${first.ids[0]}`)
  const second = await list('page=2&page_size=5')
  expect([...first.ids, ...second.ids]).not.toEqual(await idsWhere('true'))
  expect((await list(`cursor=${first.next}&page_size=5`)).ids).toEqual([6, 7, 8, 9, 10])
})

const encoded = (content: unknown) => Buffer.from(JSON.stringify(content)).toString('base64url')

test.each([
  ['no base64url', '!!'],
  ['no JSON', Buffer.from('nonsense').toString('base64url')],
  ['nothing', ''],
  ['of another list', cursorsOf('users', z.tuple([z.int()])).write([1])],
  ['as an earlier release wrote it', encoded([1])],
  ['without an id', encoded([])],
  ['followed by something', `${orderCursors.write([1])}!`],
  ['written in another way', Buffer.from('[1 ]').toString('base64url')],
  ['of no order', orderCursors.write([0])],
  ['with a text for an id', encoded(['1'])],
  ['with a fraction', orderCursors.write([1.5])],
  ['with an id that no order can have', orderCursors.write([2 ** 53])],
  ['with SQL', encoded(['1 OR true'])],
  ['no list', Buffer.from('{"__proto__":[1]}').toString('base64url')],
  ['too long', 'A'.repeat(1001)],
])('a cursor that is %s is refused', async (_what, cursor) => {
  const { status, body } = await service.api.get(`/api/v1/orders?cursor=${encodeURIComponent(cursor)}`)
  expect([status, body.code]).toEqual([400, 'validation_failed'])
  expect(body.errors).toMatchObject([{ path: 'query.cursor' }])
})

test('a cursor goes with the filters that it was answered for, in any order, and with no others', async () => {
  await fill(30)
  const { next } = await list('user_id=2&status=pending&page_size=1')
  expect((await list(`status=pending&cursor=${next}&user_id=2&page_size=5`)).ids.length).toBeGreaterThan(0)
  for (const filter of [
    '',
    'user_id=2',
    'user_id=1&status=pending',
    'user_id=2&status=pending&product_id=P1',
  ]) {
    const { status, body } = await service.api.get(`/api/v1/orders?cursor=${next}&${filter}`)
    expect([filter, status, body.errors]).toEqual([
      filter,
      400,
      [{ path: 'query.cursor', message: expect.stringContaining('with the same filters') }],
    ])
  }
})

test('a cursor and a page exclude each other', async () => {
  const { status, body } = await service.api.get('/api/v1/orders?cursor=0&page=1')
  expect([status, body.errors]).toEqual([400, [{ path: 'query.cursor', message: 'cannot go with page' }]])
})

test('a cursor behind the last order finds nothing', async () => {
  await fill(3)
  const { ids, next } = await list(`cursor=${orderCursors.write([Number.MAX_SAFE_INTEGER])}`)
  expect([ids, next]).toEqual([[], null])
})

test('a list asks for no users', async () => {
  await fill(3)
  const before = world.userService.seen.length
  await list('page=1')
  await list('cursor=0')
  expect(world.userService.seen).toHaveLength(before)
})
