import fc from 'fast-check'
import { anOrder, createWorld, type Instance, type World } from './world'

let world: World
let service: Instance

beforeAll(async () => {
  world = await createWorld()
  service = await world.startService()
})
afterAll(() => world.end())

/** An order with a price written exactly so in its JSON. */
const place = (price: string) => {
  const { total_price: _, ...rest } = anOrder
  return service.api.request({
    method: 'POST',
    path: '/api/v1/orders',
    rawBody: `${JSON.stringify(rest).slice(0, -1)},"total_price":${price}}`,
  })
}

const kept = async (id: number) => {
  const [row] = await world.query<{ price: string }>(
    'SELECT total_price::text AS price FROM orders WHERE id = $1',
    [id],
  )
  return row!.price
}

// 8.95 * 100 is 894.9999999999999, and 1.1 + 2.2 is 3.3000000000000003.
test.each([
  '0',
  '0.01',
  '0.07',
  '8.95',
  '99.99',
  '1.1',
  '100',
  '4503599627.37',
  '9999999999.99',
  '5e2',
  '1.50',
])('a price of %s is kept to the cent', async (price) => {
  const { status, body } = await place(price)
  expect(status).toBe(201)
  expect(body.total_price).toBe(Number(price))
  expect(await kept(body.id)).toBe(Number(price).toFixed(2))
})

test.each([
  '0.001',
  '99.999',
  '3.3000000000000003',
  '0.1e-2',
  '1e-7',
  '9999999999.991',
  '-0.01',
  '10000000000',
  '1e21',
])('a price of %s is refused', async (price) => {
  const { status, body } = await place(price)
  expect([status, body.code]).toEqual([400, 'validation_failed'])
  expect(body.errors).toEqual([{ path: 'body.total_price', message: expect.any(String) }])
})

test('what is wrong with three decimals is said', async () => {
  expect((await place('99.999')).body.detail).toBe(
    'body.total_price: must have at most two decimals, such as 99.99',
  )
})

test('any price of whole cents is kept and answered as it was sent', async () => {
  const cents = fc.oneof(fc.nat(10_000), fc.integer({ min: 0, max: 999_999_999_999 }))
  await fc.assert(
    fc.asyncProperty(cents, async (cents) => {
      const price = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`
      const { status, body } = await place(price)
      expect([status, body.total_price]).toEqual([201, Number(price)])
      expect(await kept(body.id)).toBe(price)
      expect((await service.api.get(`/api/v1/orders/${body.id}`)).body.total_price).toBe(Number(price))
    }),
    { numRuns: 100 },
  )
})

test('any price with a third decimal is refused', async () => {
  const parts = fc.record({
    whole: fc.nat(9_999_999_999),
    cents: fc.nat(99),
    more: fc.integer({ min: 1, max: 999 }),
  })
  await fc.assert(
    fc.asyncProperty(parts, async ({ whole, cents, more }) => {
      const price = `${whole}.${String(cents).padStart(2, '0')}${String(more).padStart(3, '0')}`
      expect((await place(price)).status).toBe(400)
    }),
    { numRuns: 100 },
  )
})
