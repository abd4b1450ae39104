import { failing } from './stub'
import { anOrder, countUnnumbered, createWorld, until, type Instance, type World } from './world'

let world: World
let service: Instance
beforeEach(async () => {
  world = await createWorld()
  service = await world.startService()
})
afterEach(() => world.end())

const place = async () => (await service.api.post('/api/v1/orders', anOrder)).body
const read = (id: number, ifNoneMatch?: string) =>
  service.api.get(`/api/v1/orders/${id}`, {
    headers: ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch },
  })

test('an order that was read before is 304, until it is edited', async () => {
  const { id } = await place()
  const etag = (await read(id)).headers.get('etag')!
  for (const known of [etag, `W/${etag}`, `"9", ${etag}`, '*']) {
    const { status, headers, body } = await read(id, known)
    expect([status, headers.get('etag'), body]).toEqual([304, etag, ''])
  }
  await service.api.patch(`/api/v1/orders/${id}`, { status: 'confirmed' })
  expect(await read(id, etag)).toMatchObject({ status: 200, body: { status: 'confirmed' } })
})

test('an order that gets its number after it was read is no longer what was read', async () => {
  world.sequencer.mood = failing(503, 'database_unavailable')
  const { id } = await place()
  const etag = (await read(id)).headers.get('etag')!
  expect((await read(id, etag)).status).toBe(304)
  world.sequencer.mood = { is: 'well' }
  await until(async () => (await countUnnumbered(world)) === 0)
  const { status, body } = await read(id, etag)
  expect([status, typeof body.order_number]).toEqual([200, 'string'])
  // The number is no edit: who read the order without it may change it.
  const headers = { 'if-match': etag }
  expect((await service.api.patch(`/api/v1/orders/${id}`, { status: 'confirmed' }, { headers })).status).toBe(
    200,
  )
})

test('the tag of a PATCH is not that of a GET with the user, whether or not the user has a version', async () => {
  const { id } = await place()
  for (const [version, status] of [
    [undefined, 'confirmed'],
    [1, 'shipped'],
  ] as const) {
    Object.assign(world.userService.users.get(1)!, { version })
    const { headers } = await service.api.patch(`/api/v1/orders/${id}`, { status })
    const etag = headers.get('etag')!
    const answer = await read(id, etag)
    expect([answer.status, answer.body.user]).toEqual([200, expect.objectContaining({ id: 1 })])
    // If-Match takes the one for the other.
    const condition = { headers: { 'if-match': etag } }
    expect((await service.api.get(`/api/v1/orders/${id}`, condition)).status).toBe(200)
  }
})

test('a change of a user without a version is one, too', async () => {
  const { id } = await place()
  let etag = (await read(id)).headers.get('etag')!
  for (const change of [{ updated_at: '2026-11-29T08:00:00.000Z' }, { email: 'other@example.com' }]) {
    expect((await read(id, etag)).status).toBe(304)
    Object.assign(world.userService.users.get(1)!, change)
    const { status, headers, body } = await read(id, etag)
    expect([status, body.user]).toEqual([200, expect.objectContaining(change)])
    etag = headers.get('etag')!
  }
})

test('an order whose user has changed, or cannot be read, is not what was read', async () => {
  const { id } = await place()
  const etags = [(await read(id)).headers.get('etag')!]
  for (const version of [2, 3]) {
    Object.assign(world.userService.users.get(1)!, { version })
    const { status, headers } = await read(id, etags.at(-1))
    expect(status).toBe(200)
    etags.push(headers.get('etag')!)
  }
  world.userService.mood = { is: 'silent' }
  const { status, headers, body } = await read(id, etags.at(-1))
  expect([status, body.user]).toEqual([200, null])
  expect(new Set([...etags, headers.get('etag')]).size).toBe(4)
})
