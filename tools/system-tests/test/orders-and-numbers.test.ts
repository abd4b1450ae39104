import {
  ask,
  createUser,
  orderOf,
  placeOrder,
  query,
  startSystem,
  upTo,
  valueOf,
  type System,
} from './system'

let system: System
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.stop())

test('the first order has the number 000001 of the year, the next one 000002', async () => {
  const userId = await createUser(system)
  const year = new Date().getUTCFullYear()
  const first = await placeOrder(system, userId)
  expect([first.status, first.body.order_number]).toEqual([201, `ORD-${year}-000001`])
  expect((await placeOrder(system, userId)).body.order_number).toBe(`ORD-${year}-000002`)
  const read = await ask(system.orders, 'GET', `/api/v1/orders/${first.body.id}`)
  expect(read.body.user).toMatchObject({ id: userId, name: 'Ada' })
})

test('200 orders at once have 200 different consecutive numbers', async () => {
  const userId = await createUser(system)
  const before = valueOf((await placeOrder(system, userId)).body.order_number)
  const answers = await Promise.all(upTo(200).map(() => placeOrder(system, userId)))
  const values = answers.map(({ body }) => valueOf(body.order_number)).sort((a, b) => a - b)
  expect(values).toEqual(upTo(200).map((n) => before + n))
})

test('64 clients that ask for 20,000 numbers get exactly 1 to 20,000', async () => {
  let left = 20_000
  const values: number[] = []
  const client = async () => {
    while (left-- > 0) values.push((await ask(system.sequencer, 'POST', '/api/v1/next/SG')).body.counter)
  }
  await Promise.all(upTo(64).map(client))
  expect(values.sort((a, b) => a - b)).toEqual(upTo(20_000))
  const status = await ask(system.sequencer, 'GET', '/api/v1/status/SG')
  expect(status.body).toMatchObject({ current_counter: 20_000, next_counter: 20_001, gaps: 0 })
})

test('100 orders for a user who is not there are 422, and leave the breaker closed', async () => {
  const answers = await Promise.all(upTo(100).map(() => placeOrder(system, 999_999)))
  expect(new Set(answers.map(({ status, body }) => `${status} ${body.code}`))).toEqual(
    new Set(['422 user_unknown']),
  )
  const { body } = await ask(system.orders, 'GET', '/metrics')
  expect(body).toContain('order_service_circuit_breaker_state{service="user-service"} 0')
})

test('a thousand conflicts leave the connections of the database as they were', async () => {
  const email = 'conflict@example.com'
  await ask(system.users, 'POST', '/api/v1/users', { email, name: 'Ada', age: 36 })
  const conflict = () => ask(system.users, 'POST', '/api/v1/users', { email, name: 'Ada', age: 36 })
  await Promise.all(upTo(50).map(conflict))
  const pids = () =>
    query<{ pid: number }>(
      system.databases.users,
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'user-service' ORDER BY pid`,
    )
  const before = await pids()
  for (let round = 0; round < 20; round += 1) {
    const answers = await Promise.all(upTo(50).map(conflict))
    expect(answers.every(({ status }) => status === 409)).toBe(true)
  }
  expect(await pids()).toEqual(before)
})

test('connections that the database ends while they work do not end a service', async () => {
  const userId = await createUser(system)
  let stop = false
  const statuses = new Set<number>()
  const client = async () => {
    while (!stop) statuses.add((await placeOrder(system, userId)).status)
  }
  const clients = upTo(8).map(client)
  let killed = 0
  for (const database of Object.values(system.databases)) {
    const rows = await query(
      database,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
    killed += rows.length
  }
  await new Promise((resolve) => setTimeout(resolve, 500))
  stop = true
  await Promise.all(clients)
  expect(killed).toBeGreaterThan(3)
  expect([...statuses].filter((status) => status !== 201 && status !== 503)).toEqual([])
  for (const service of [system.users, system.orders, system.sequencer]) {
    expect((await ask(service, 'GET', '/health/ready')).status).toBe(200)
  }
  expect((await placeOrder(system, userId)).status).toBe(201)
})

describe.each(['users', 'orders'] as const)('bad input to %s', (name) => {
  const path = `/api/v1/${name}`
  const good = name === 'users' ? { email: 'good@example.com', name: 'Good', age: 1 } : orderOf(1)
  test.each<[string, string, string, unknown, number, string]>([
    ['malformed JSON', 'POST', path, '{"age":', 400, 'malformed_json'],
    ['a wrong type', 'POST', path, { ...good, age: '36', quantity: '2' }, 400, 'validation_failed'],
    ['an unknown field', 'POST', path, { ...good, admin: true }, 400, 'validation_failed'],
    ['a field that is made here', 'POST', path, { ...good, id: 7 }, 400, 'validation_failed'],
    [
      '__proto__',
      'POST',
      path,
      JSON.stringify(good).replace('{', '{"__proto__":{"id":7},'),
      400,
      'validation_failed',
    ],
    [
      'a NUL in a text',
      'POST',
      path,
      { ...good, name: 'a\u0000b', product_id: 'a\u0000b' },
      400,
      'validation_failed',
    ],
    ['no object', 'POST', path, '[]', 400, 'validation_failed'],
    ['the id abc', 'GET', `${path}/abc`, undefined, 400, 'invalid_id'],
    ['the id 0', 'GET', `${path}/0`, undefined, 400, 'invalid_id'],
    ['the id -1', 'GET', `${path}/-1`, undefined, 400, 'invalid_id'],
    ['an id out of range', 'GET', `${path}/99999999999999999999`, undefined, 400, 'invalid_id'],
    ['an id that is not there', 'GET', `${path}/999999`, undefined, 404, `${name.slice(0, -1)}_not_found`],
    ['a large body', 'POST', path, { ...good, name: 'x'.repeat(200_000) }, 413, 'body_too_large'],
    ['an unknown route', 'GET', `${path}s`, undefined, 404, 'route_not_found'],
    ['a wrong method', 'PATCH', path, good, 405, 'method_not_allowed'],
    ['page 0', 'GET', `${path}?page=0`, undefined, 400, 'validation_failed'],
    ['page_size 1000', 'GET', `${path}?page_size=1000`, undefined, 400, 'validation_failed'],
    ['a bad escape in the path', 'GET', `${path}/%zz`, undefined, 400, 'malformed_url'],
  ])('%s is answered with its own 4xx', async (_, method, at, body, status, code) => {
    const answer = await ask(system[name], method, at, body)
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(answer.body).toMatchObject({
      type: `/errors/${code}`,
      status,
      request_id: answer.headers.get('x-request-id'),
    })
  })
})

test('a status step that is not allowed is 409, and so is an e-mail address that is taken', async () => {
  const userId = await createUser(system)
  const { body: order } = await placeOrder(system, userId)
  const step = await ask(system.orders, 'PATCH', `/api/v1/orders/${order.id}`, { status: 'delivered' })
  expect([step.status, step.body.code]).toEqual([409, 'illegal_transition'])
  const { body: user } = await ask(system.users, 'GET', `/api/v1/users/${userId}`)
  const taken = await ask(system.users, 'POST', '/api/v1/users', {
    email: user.email.toUpperCase(),
    name: 'B',
    age: 1,
  })
  expect([taken.status, taken.body.code]).toEqual([409, 'email_taken'])
})
