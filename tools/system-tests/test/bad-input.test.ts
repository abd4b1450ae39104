import { createApiClient, type ApiClient } from '@ordinal/testing'
import { ask, createUser, orderOf, placeOrder } from '../src/calls'
import { apiKey, startSystem, type System } from '../src/system'

const names = ['users', 'orders', 'sequencer'] as const
type Name = (typeof names)[number]

let system: System
const clients = {} as Record<Name, ApiClient>
beforeAll(async () => {
  system = await startSystem()
  for (const name of names) {
    const { url } = system[name]
    const { body: document } = await ask(system[name], 'GET', '/openapi.json')
    // It also checks each answer against the document.
    clients[name] = createApiClient({ url, document, headers: { 'X-API-Key': apiKey } })
  }
})
afterAll(() => system.stop())

/** A body to be sent as it is. */
class Raw {
  constructor(readonly text: string) {}
}

/** What is wrong, the request, and the answer that it gets: its status and code. */
type Row = [what: string, method: string, path: string, body: unknown, status: number, code: string]

const paths = { users: '/api/v1/users', orders: '/api/v1/orders', sequencer: '/api/v1/next/SG' }
const good = {
  users: { email: 'good@example.com', name: 'Good', age: 1 },
  orders: orderOf(1),
  sequencer: { client_id: 'good', count: 1 },
}
const wrongTypes = { users: { age: '36' }, orders: { quantity: '2' }, sequencer: { count: '1' } }
const outOfRange = { users: { age: -1 }, orders: { quantity: 0 }, sequencer: { count: 1001 } }
const nul = { users: { name: 'a\0b' }, orders: { product_id: 'a\0b' }, sequencer: { client_id: 'a\0b' } }

const toAll = (name: Name): Row[] => {
  const path = paths[name]
  const fields = good[name]
  return [
    ['malformed JSON', 'POST', path, new Raw('{"age":'), 400, 'malformed_json'],
    ['no object', 'POST', path, [], 400, 'validation_failed'],
    ['a wrong type', 'POST', path, { ...fields, ...wrongTypes[name] }, 400, 'validation_failed'],
    ['a value out of range', 'POST', path, { ...fields, ...outOfRange[name] }, 400, 'validation_failed'],
    ['an unknown field', 'POST', path, { ...fields, admin: true }, 400, 'validation_failed'],
    ['__proto__', 'POST', path, new Raw('{"__proto__":{"id":7}}'), 400, 'validation_failed'],
    ['a NUL in a text', 'POST', path, { ...fields, ...nul[name] }, 400, 'validation_failed'],
    ['a body too large', 'POST', path, { ...fields, name: 'x'.repeat(200_000) }, 413, 'body_too_large'],
    [
      'an unknown query',
      'GET',
      `${path}${name === 'sequencer' ? '' : '/1'}?x=1`,
      undefined,
      400,
      'validation_failed',
    ],
    ['an unknown route', 'GET', '/api/v1/nothing', undefined, 404, 'route_not_found'],
    ['a wrong method', 'DELETE', path, undefined, 405, 'method_not_allowed'],
  ]
}

const toCollections = (name: 'users' | 'orders'): Row[] => {
  const path = paths[name]
  return [
    ...['abc', '0', '-1', '1.5', '99999999999999999999'].map((id): Row => [
      `the id ${id}`,
      'GET',
      `${path}/${id}`,
      undefined,
      400,
      'invalid_id',
    ]),
    ['an id that is not there', 'GET', `${path}/999999`, undefined, 404, `${name.slice(0, -1)}_not_found`],
    ['a field that is made here', 'POST', path, { ...good[name], id: 7 }, 400, 'validation_failed'],
    ['a bad escape in the path', 'GET', `${path}/%zz`, undefined, 400, 'malformed_url'],
    ['page 0', 'GET', `${path}?page=0`, undefined, 400, 'validation_failed'],
    ['page_size 1000', 'GET', `${path}?page_size=1000`, undefined, 400, 'validation_failed'],
  ]
}

const next = '/api/v1/next'
const toSequencer: Row[] = [
  ['an unknown sequence', 'POST', `${next}/NONE`, {}, 404, 'sequence_not_found'],
  ['a prefix that can be none', 'POST', `${next}/S%20G`, {}, 400, 'validation_failed'],
  ['a bad escape in the path', 'GET', `${next}/%zz`, undefined, 400, 'malformed_url'],
  ['count 0', 'GET', `${next}/SG?count=0`, undefined, 400, 'validation_failed'],
  ['a day that is none', 'POST', `${next}/SG`, { business_date: '2026-02-30' }, 400, 'validation_failed'],
  ['HEAD on what issues', 'HEAD', `${next}/SG`, undefined, 405, ''],
]

const rows = names.flatMap((name) => [
  ...toAll(name).map((row) => [name, ...row] as const),
  ...(name === 'sequencer' ? toSequencer : toCollections(name)).map((row) => [name, ...row] as const),
])

test.each(rows)('%s: %s is answered with its own 4xx', async (name, _, method, path, body, status, code) => {
  const content = body instanceof Raw ? { rawBody: body.text } : { body }
  const answer = await clients[name].request({ method, path, ...content })
  expect([answer.status, answer.body.code ?? '']).toEqual([status, code])
  expect(answer.headers.get('content-type')).toContain('application/problem+json')
})

test.each(names)(
  '%s: a wrong API key, media type or Idempotency-Key is answered with its own 4xx',
  async (name) => {
    const send = async (headers: Record<string, string>) => {
      const { status, body } = await clients[name].request({
        method: 'POST',
        path: paths[name],
        body: good[name],
        headers,
      })
      return [status, body.code]
    }
    expect(await send({ 'X-API-Key': 'wrong' })).toEqual([401, 'invalid_api_key'])
    expect(await send({ 'Content-Type': 'text/plain' })).toEqual([415, 'unsupported_media_type'])
    if (name === 'users') return
    expect(await send({ 'Idempotency-Key': 'x'.repeat(256) })).toEqual([400, 'invalid_idempotency_key'])
  },
)

test('bad input has left nothing behind, and has never been a fault of the service', async () => {
  for (const name of ['users', 'orders'] as const) {
    const { body } = await clients[name].get(paths[name])
    expect(body.pagination.total).toBe(0)
  }
  expect((await clients.sequencer.get('/api/v1/status/SG')).body.current_counter).toBe(0)
  for (const name of names) {
    const { body: metrics } = await ask(system[name], 'GET', '/metrics')
    expect(metrics).toMatch(/status(_code)?="400"/)
    // A probe says 503 while the database pauses.
    const faults = (metrics as string)
      .split('\n')
      .filter((line) => /status(_code)?="5/.test(line))
      .filter((line) => !(line.includes('route="/health') && /status(_code)?="503"/.test(line)))
    expect(faults).toEqual([])
  }
})

test('a status step that is not allowed is 409, and so is an e-mail address that is taken', async () => {
  const userId = await createUser(system)
  const { body: order } = await placeOrder(system, userId)
  const step = await clients.orders.patch(`/api/v1/orders/${order.id}`, { status: 'delivered' })
  expect([step.status, step.body.code]).toEqual([409, 'illegal_transition'])

  const { body: user } = await clients.users.get(`/api/v1/users/${userId}`)
  const taken = await clients.users.post('/api/v1/users', {
    email: user.email.toUpperCase(),
    name: 'B',
    age: 1,
  })
  expect([taken.status, taken.body.code]).toEqual([409, 'email_taken'])
})
