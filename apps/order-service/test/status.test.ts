import { mayBecome, orderStatuses, statusesBefore, type OrderStatus } from '../src/domain/status'
import { anOrder, createWorld, type Instance, type World } from './world'

const legal: [OrderStatus, OrderStatus][] = [
  ['pending', 'confirmed'],
  ['pending', 'cancelled'],
  ['confirmed', 'shipped'],
  ['confirmed', 'cancelled'],
  ['shipped', 'delivered'],
]
const steps = orderStatuses.flatMap((from) =>
  orderStatuses.map((to) => {
    const allowed = legal.some(([a, b]) => a === from && b === to)
    return [from, to, allowed ? 'allowed' : 'refused'] as const
  }),
)

test.each(steps)('the rules: from %s to %s is %s', (from, to, told) => {
  expect(mayBecome(from, to)).toBe(told === 'allowed')
  expect(statusesBefore(to).includes(from)).toBe(told === 'allowed')
})

describe('over HTTP', () => {
  let world: World
  let service: Instance
  let path: string

  beforeAll(async () => {
    world = await createWorld()
    service = await world.startService()
  })
  afterAll(() => world.end())
  beforeEach(async () => {
    const { headers } = await service.api.post('/api/v1/orders', anOrder)
    path = headers.get('location')!
  })

  const patch = (status: string, ifMatch?: string) =>
    service.api.patch(path, { status }, ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } })
  const read = async () => (await service.api.get(path)).body

  test.each(steps)('from %s to %s is %s', async (from, to, told) => {
    await world.query('UPDATE orders SET status = $1 WHERE id = $2', [from, path.split('/').at(-1)])
    const before = await read()
    const { status, body } = await service.api.put(path, { status: to })
    if (told === 'allowed') {
      expect(status).toBe(200)
      expect(body).toMatchObject({ status: to, version: 2, order_number: before.order_number })
    } else {
      expect([status, body.code]).toEqual([409, 'illegal_transition'])
      expect(body.detail).toContain(`is ${from} and cannot become ${to}`)
      expect(await read()).toEqual(before)
    }
  })

  test('every change counts the version up, which is the ETag', async () => {
    for (const [index, status] of (['confirmed', 'shipped', 'delivered'] as const).entries()) {
      const { body, headers } = await patch(status)
      expect(body.version).toBe(index + 2)
      expect(headers.get('etag')).toBe(`"${index + 2}"`)
      expect((await service.api.get(path)).headers.get('etag')).toMatch(`"${index + 2}-user-`)
    }
  })

  test.each(['"1"', '*', '"7", "1"', 'W/"2", "1"', 'W/"1"', '1', 'W/1', '"1-gzip"', 'W/"1--br"'])(
    'If-Match: %s allows a change of version 1',
    async (ifMatch) => {
      expect((await patch('confirmed', ifMatch)).status).toBe(200)
    },
  )

  test.each(['"2"', '"0"', 'W/"2"', '2', 'x', '""', '"1x"', '"99999999999999999999"'])(
    'If-Match: %s refuses a change of version 1',
    async (ifMatch) => {
      const { status, body } = await patch('confirmed', ifMatch)
      expect([status, body.code]).toEqual([412, 'version_mismatch'])
      const removed = await service.api.delete(path, { headers: { 'if-match': ifMatch } })
      expect(removed.status).toBe(412)
      expect(await read()).toMatchObject({ status: 'pending', version: 1 })
    },
  )

  test('of two callers that read the same version, the second to change it is refused', async () => {
    const etag = (await service.api.get(path)).headers.get('etag')!
    expect((await patch('confirmed', etag)).status).toBe(200)
    expect((await patch('cancelled', etag)).status).toBe(412)
    expect(await read()).toMatchObject({ status: 'confirmed', version: 2 })
  })

  test('a change that the database never makes is refused, not tried for ever', async () => {
    await world.query(
      `CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
    )
    await world.query(
      'CREATE TRIGGER suppress BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION suppress()',
    )
    try {
      for (const headers of [{ 'if-match': '*' }, { 'if-match': '"1", "2"' }])
        for (const answer of [
          await service.api.patch(path, { status: 'confirmed' }, { headers }),
          await service.api.delete(path, { headers }),
        ])
          expect([answer.status, answer.body.code]).toEqual([412, 'version_mismatch'])
    } finally {
      await world.query('DROP FUNCTION suppress CASCADE')
    }
  })

  test('of many who take the same step at once, one does', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => patch('confirmed')))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ body }) => body.code === 'illegal_transition')).toHaveLength(19)
    expect(await read()).toMatchObject({ status: 'confirmed', version: 2 })
  })

  test('of confirming, shipping and cancelling at once, what happens is a legal history', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { body } = await service.api.post('/api/v1/orders', anOrder)
      path = `/api/v1/orders/${body.id}`
      const wanted = ['confirmed', 'cancelled', 'shipped', 'delivered'] as const
      const answers = await Promise.all(wanted.map((status) => patch(status)))
      const done = answers.filter(({ status }) => status === 200).map(({ body }) => body)
      const history = done.sort((a, b) => a.version - b.version).map(({ status }) => status)
      history.reduce<OrderStatus>((from, to) => {
        expect([from, to, mayBecome(from, to)]).toEqual([from, to, true])
        return to
      }, 'pending')
      expect(await read()).toMatchObject({ status: history.at(-1), version: history.length + 1 })
    }
  })
})
