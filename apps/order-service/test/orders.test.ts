import { isDeepStrictEqual } from 'node:util'
import { createOrderClient } from './order-client'
import { anOrder, createWorld, leaveOrder, until, type Instance, type World } from './world'

let world: World
let service: Instance

beforeAll(async () => {
  world = await createWorld()
  service = await world.startService()
})
afterAll(() => world.end())
beforeEach(() => world.query('TRUNCATE orders, idempotency_records CASCADE'))

async function placeAll(...changes: object[]): Promise<number[]> {
  const ids = []
  for (const change of changes) {
    const { body } = await service.api.post('/api/v1/orders', { ...anOrder, ...change })
    ids.push(body.id as number)
  }
  return ids
}

const list = async (query = '') => {
  const { status, body } = await service.api.get(`/api/v1/orders${query}`)
  expect(status).toBe(200)
  return { ids: body.data.map(({ id }: { id: number }) => id) as number[], pagination: body.pagination }
}

test('a list has the oldest first, page by page, and says how many there are', async () => {
  const ids = await placeAll({}, {}, {}, {}, {})
  expect(await list()).toEqual({
    ids,
    pagination: { page: 1, page_size: 20, total: 5, total_pages: 1, next_cursor: null },
  })
  expect(await list('?page=2&page_size=2')).toEqual({
    ids: ids.slice(2, 4),
    pagination: { page: 2, page_size: 2, total: 5, total_pages: 3, next_cursor: expect.any(String) },
  })
  expect((await list('?page=4&page_size=2')).ids).toEqual([])
})

test('a list of nothing is empty', async () => {
  expect(await list()).toEqual({
    ids: [],
    pagination: { page: 1, page_size: 20, total: 0, total_pages: 0, next_cursor: null },
  })
})

test('a list can be of one user, one product, one status, or all of these', async () => {
  const [a, b, c, d] = await placeAll(
    {},
    { user_id: 2 },
    { product_id: 'P%' },
    { user_id: 2, product_id: 'P%' },
  )
  await service.api.patch(`/api/v1/orders/${d}`, { status: 'confirmed' })
  expect((await list('?user_id=2')).ids).toEqual([b, d])
  expect((await list('?userId=2')).ids).toEqual([b, d])
  expect((await list(`?product_id=${encodeURIComponent('P%')}`)).ids).toEqual([c, d])
  expect((await list('?product_id=P')).ids).toEqual([])
  expect((await list('?status=pending')).ids).toEqual([a, b, c])
  expect(await list('?user_id=2&status=confirmed&product_id=P%25')).toMatchObject({
    ids: [d],
    pagination: { total: 1 },
  })
})

test('a list can be of the orders that wait for their number, by REST and by gRPC', async () => {
  await placeAll({}, { user_id: 2 })
  const { id } = await leaveOrder(world, { leasedSeconds: 3_600 })
  for (const query of ['', '&user_id=1', '&status=pending&product_id=PROD-123'])
    expect(await list(`?without_number=true${query}`)).toMatchObject({ ids: [id], pagination: { total: 1 } })
  expect((await list('?without_number=true&cursor=0')).ids).toEqual([id])
  expect((await list('?without_number=true&user_id=2')).ids).toEqual([])
  expect((await list('?without_number=false')).ids).toHaveLength(3)
  expect((await service.api.get('/api/v1/orders?without_number=yes')).status).toBe(400)
  const client = createOrderClient(service)
  expect((await client.call('ListOrders', { without_number: true })).body.orders).toMatchObject([{ id }])
  expect((await client.call('ListOrders', { without_number: false })).body.orders).toHaveLength(3)
  client.close()
  const counted = () =>
    Promise.all(
      ['orders', 'deleted_orders'].map((which) => service.metric(`order_service_${which}_without_number`)),
    )
  await until(async () => isDeepStrictEqual(await counted(), [1, 0]))
  await world.query('UPDATE orders SET deleted_at = now() WHERE id = $1', [id])
  expect((await list('?without_number=true')).ids).toEqual([])
  await until(async () => isDeepStrictEqual(await counted(), [0, 1]))
})

test('a deleted order is gone from every answer, and keeps its number', async () => {
  const [kept, deleted] = await placeAll({}, {})
  const path = `/api/v1/orders/${deleted}`
  const { status, body } = await service.api.delete(path)
  expect([status, body]).toEqual([204, ''])
  expect((await list()).ids).toEqual([kept])
  for (const answer of [
    await service.api.get(path),
    await service.api.put(path, { status: 'confirmed' }),
    await service.api.delete(path),
  ]) {
    expect([answer.status, answer.body.code]).toEqual([404, 'order_not_found'])
  }
  const [row] = await world.query<{ order_number: string; deleted_at: Date }>(
    'SELECT order_number, deleted_at FROM orders WHERE id = $1',
    [deleted],
  )
  expect(row).toEqual({ order_number: expect.stringMatching(/^ORD-\d+$/), deleted_at: expect.any(Date) })
})

test('there is no order that was never placed', async () => {
  const { status, body } = await service.api.get('/api/v1/orders/9007199254740991')
  expect([status, body.code]).toEqual([404, 'order_not_found'])
})

test('a product may be named in any script, and is kept as it was sent', async () => {
  const product_id = '\u{1f4e6} Bücher \u4e66 O\'Reilly "x" \\ % _; DROP TABLE orders'
  const [placed] = await placeAll({ product_id })
  expect((await service.api.get(`/api/v1/orders/${placed}`)).body.product_id).toBe(product_id)
  expect((await list(`?product_id=${encodeURIComponent(product_id)}`)).ids).toEqual([placed])
})

test('an order is found by its number and by its reference', async () => {
  const [a, b] = await placeAll({}, { user_id: 2 })
  const { body: order } = await service.api.get(`/api/v1/orders/${b}`)
  const byNumber = await service.api.get(`/api/v1/orders/by-number/${order.order_number}`)
  expect([byNumber.status, byNumber.body]).toEqual([200, order])
  expect(byNumber.headers.get('etag')).toMatch(/^"1-user-/)
  for (const query of [`order_number=${order.order_number}`, `reference=${order.reference}`]) {
    expect((await list(`?${query}`)).ids).toEqual([b])
    expect((await list(`?${query}&cursor=0`)).ids).toEqual([b])
    expect((await list(`?${query}&user_id=1`)).ids).toEqual([])
  }
  expect((await list('?order_number=ORD-0')).ids).toEqual([])
  expect((await service.api.get('/api/v1/orders?reference=7')).status).toBe(400)

  await service.api.delete(`/api/v1/orders/${b}`)
  expect((await list(`?order_number=${order.order_number}`)).ids).toEqual([])
  for (const number of [order.order_number as string, 'ORD%2F0', `x${a}`]) {
    const { status, body } = await service.api.get(`/api/v1/orders/by-number/${number}`)
    expect([status, body.code]).toEqual([404, 'order_not_found'])
  }
})

test('gRPC finds an order by its number and by its reference, too', async () => {
  const [, b] = await placeAll({}, { user_id: 2 })
  const { body: order } = await service.api.get(`/api/v1/orders/${b}`)
  const client = createOrderClient(service)
  const { order_number, reference } = order
  expect((await client.call('GetOrderByNumber', { order_number })).body).toMatchObject({
    order: { id: b, order_number },
    user: { id: 2 },
  })
  expect((await client.call('GetOrderByNumber', { order_number: 'ORD-0' })).code).toBe('NOT_FOUND')
  for (const filter of [{ order_number }, { reference }])
    expect((await client.call('ListOrders', filter)).body.orders).toMatchObject([{ id: b }])
  client.close()
})
