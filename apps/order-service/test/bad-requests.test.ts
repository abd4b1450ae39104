import { anOrder, createWorld, type Instance, type World } from './world'

let world: World
let service: Instance

beforeAll(async () => {
  world = await createWorld()
  service = await world.startService()
  await service.api.post('/api/v1/orders', anOrder)
})
afterAll(() => world.end())

/** As a client sees it: the status and code of a problem, and the fields that it names. */
async function problemOf(request: {
  method?: string
  path?: string
  rawBody?: string
  headers?: Record<string, string>
}) {
  const answer = await service.api.request({ method: 'POST', path: '/api/v1/orders', ...request })
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  const { code, errors = [] } = answer.body
  return [answer.status, code, ...errors.map(({ path }: { path: string }) => path)]
}

const withField = (field: string, json: string) => {
  const { [field as keyof typeof anOrder]: _, ...rest } = anOrder
  return `{"${field}":${json},${JSON.stringify(rest).slice(1)}`
}

test.each([
  ['no JSON', '{"user_id":1,', 400, 'malformed_json'],
  ['an array', '[]', 400, 'validation_failed'],
  ['a text', '"order"', 400, 'malformed_json'],
  ['null', 'null', 400, 'malformed_json'],
  ['nothing', '', 400, 'validation_failed'],
  ['more than the limit', `{"x":"${'x'.repeat(110_000)}"}`, 413, 'body_too_large'],
])('a body that is %s is refused', async (_what, rawBody, status, code) => {
  expect((await problemOf({ rawBody })).slice(0, 2)).toEqual([status, code])
})

test('a body that is not declared as JSON is refused', async () => {
  const headers = { 'content-type': 'text/plain' }
  expect(await problemOf({ rawBody: JSON.stringify(anOrder), headers })).toEqual([
    415,
    'unsupported_media_type',
  ])
})

test.each([
  ['user_id', '"1"'],
  ['user_id', '0'],
  ['user_id', '-1'],
  ['user_id', '1.5'],
  ['user_id', 'null'],
  ['user_id', '99999999999999999999'],
  ['product_id', '""'],
  ['product_id', '"   "'],
  ['product_id', '7'],
  ['product_id', JSON.stringify('P'.repeat(101))],
  ['product_id', '"a\\u0000b"'],
  ['product_id', '"a\\nb"'],
  ['product_id', '"\\ud800"'],
  ['quantity', '0'],
  ['quantity', '-1'],
  ['quantity', '1000001'],
  ['quantity', '2.5'],
  ['quantity', '"2"'],
  ['quantity', 'true'],
  ['total_price', '-0.01'],
  ['total_price', '0.001'],
  ['total_price', '10000000000'],
  ['total_price', '1e400'],
  ['total_price', '"99.99"'],
  ['order_number', '"ORD-7"'],
  ['status', '"delivered"'],
  ['id', '7'],
  ['constructor', '7'],
  ['__proto__', '{"user_id":1}'],
])('an order with %s %s is refused, and the field named', async (field, json) => {
  expect(await problemOf({ rawBody: withField(field, json) })).toEqual([
    400,
    'validation_failed',
    `body.${field}`,
  ])
})

test('every fault is named at once', async () => {
  const rawBody = '{"user_id":"1","quantity":0,"colour":"red"}'
  const [, , ...paths] = await problemOf({ rawBody })
  expect(paths.sort()).toEqual([
    'body.colour',
    'body.product_id',
    'body.quantity',
    'body.total_price',
    'body.user_id',
  ])
})

test('a field under both of its names is refused', async () => {
  expect(await problemOf({ rawBody: withField('userId', '1') })).toEqual([
    400,
    'validation_failed',
    'body.userId',
  ])
})

test.each(['abc', '0', '-1', '1.5', '99999999999999999999', '1e3', '%20', '1%00'])(
  'the id %s is none, for any method',
  async (id) => {
    const path = `/api/v1/orders/${id}`
    const rawBody = '{"status":"confirmed"}'
    expect(await problemOf({ method: 'GET', path })).toEqual([400, 'invalid_id'])
    expect(await problemOf({ method: 'PUT', path, rawBody })).toEqual([400, 'invalid_id'])
    expect(await problemOf({ method: 'PATCH', path, rawBody })).toEqual([400, 'invalid_id'])
    expect(await problemOf({ method: 'DELETE', path })).toEqual([400, 'invalid_id'])
  },
)

test.each([
  ['page=0', 'page'],
  ['page=-1', 'page'],
  ['page=abc', 'page'],
  ['page=99999999999999999999', 'page'],
  ['page_size=0', 'page_size'],
  ['page_size=1000', 'page_size'],
  ['page=1&page=2', 'page'],
  ['user_id=0', 'user_id'],
  ['user_id=abc', 'user_id'],
  ['status=lost', 'status'],
  ['product_id=', 'product_id'],
  ['product_id=a%00b', 'product_id'],
  ['colour=red', 'colour'],
])('a list with ?%s is refused', async (query, field) => {
  expect(await problemOf({ method: 'GET', path: `/api/v1/orders?${query}` })).toEqual([
    400,
    'validation_failed',
    `query.${field}`,
  ])
})

test.each([
  ['{"status":"lost"}', 'body.status'],
  ['{"status":null}', 'body.status'],
  ['{}', 'body.status'],
  ['{"status":"confirmed","total_price":1}', 'body.total_price'],
  ['{"status":"confirmed","version":9}', 'body.version'],
])('a change to %s is refused', async (rawBody, field) => {
  for (const method of ['PUT', 'PATCH']) {
    const path = '/api/v1/orders/1'
    expect(await problemOf({ method, path, rawBody })).toEqual([400, 'validation_failed', field])
  }
})

test('no field of an answer can be written but the status', async () => {
  const { body: order } = await service.api.get('/api/v1/orders/1')
  for (const [field, value] of Object.entries(order)) {
    if (field === 'status') continue
    const rawBody = JSON.stringify({ status: 'confirmed', [field]: value })
    const problem = await problemOf({ method: 'PATCH', path: '/api/v1/orders/1', rawBody })
    expect(problem).toEqual([400, 'validation_failed', `body.${field}`])
  }
  expect((await service.api.get('/api/v1/orders/1')).body).toEqual(order)
})

test('a path that is not there is 404', async () => {
  expect(await problemOf({ method: 'GET', path: '/api/v1/order' })).toEqual([404, 'route_not_found'])
})

test('a method that a path does not have is 405, with those it has', async () => {
  const { status, body, headers } = await service.api.request({ method: 'DELETE', path: '/api/v1/orders' })
  expect([status, body.code]).toEqual([405, 'method_not_allowed'])
  expect(headers.get('allow')).toContain('POST')
  expect(await problemOf({ method: 'POST', path: '/api/v1/orders/1', rawBody: '{}' })).toEqual([
    405,
    'method_not_allowed',
  ])
})

test('nothing of all this has placed an order, or asked for a number', async () => {
  expect(await world.query('SELECT id FROM orders')).toHaveLength(1)
  expect(world.sequencer.seen).toHaveLength(1)
})
