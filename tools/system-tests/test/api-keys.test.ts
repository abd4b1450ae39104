import { createHash } from 'node:crypto'
import { SignJWT } from 'jose'
import { loadProtos } from '@ordinal/grpc'
import { createGrpcClient } from '@ordinal/testing'
import { ask, eventually, orderOf } from '../src/calls'
import { createDatabase, query, type ServiceDatabase } from '../src/databases'
import { createService, root, type ServiceProcess } from '../src/service'

const secret = 'a secret of the tests, and of nothing else'
const keyOf = { users: 'the-key-of-the-user-service', orders: 'the-key-of-the-order-service' }
const digestOf = (key: string) => createHash('sha256').update(key).digest('hex')
const environment = {
  REQUIRE_AUTHENTICATION: 'true',
  JWT_SECRET: secret,
  API_KEYS: [
    `user-service:${digestOf(keyOf.users)}:api-keys:follow`,
    `order-service:${digestOf(keyOf.orders)}:users:read+numbers:issue:ORD+api-keys:follow`,
  ].join(','),
}

let databases: ServiceDatabase[]
let users: ServiceProcess
let orders: ServiceProcess
let sequencer: ServiceProcess
let admin: Record<string, string>

beforeAll(async () => {
  const token = await new SignJWT({ sub: 'ada', role: 'admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('10 minutes')
    .sign(new TextEncoder().encode(secret))
  admin = { Authorization: `Bearer ${token}` }
  databases = await Promise.all(
    ['user-service', 'order-service', 'sequencer'].map((name) => createDatabase(name)),
  )
  const [ofUsers, ofOrders, ofSequencer] = databases.map((database) => database.environment)
  sequencer = await createService('sequencer', { ...environment, ...ofSequencer })
  const following = { ...environment, API_KEYS_URL: sequencer.url }
  users = await createService('user-service', { ...following, ...ofUsers, USER_SERVICE_API_KEY: keyOf.users })
  orders = await createService('order-service', {
    ...following,
    ...ofOrders,
    ORDER_SERVICE_API_KEY: keyOf.orders,
    ORDER_SERVICE_USER_SERVICE_URL: users.url,
    ORDER_SERVICE_SEQUENCER_URL: sequencer.url,
  })
  await Promise.all([users, orders, sequencer].map((service) => service.start()))
})
afterAll(async () => {
  await Promise.all([users, orders, sequencer].map((service) => service.remove()))
  for (const database of databases) await database.drop()
})

/** Asks with this key, or with nothing that says who asks if it is empty. */
const askWith = async (key: string, service: ServiceProcess, method: string, path: string, body?: unknown) =>
  ask(service, method, path, body, { 'X-API-Key': key })
const administrate = async (method: string, path: string, body?: unknown) => {
  const answer = await fetch(`${sequencer.url}/api/v1/api-keys${path}`, {
    method,
    headers: { ...admin, 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return {
    status: answer.status,
    body: (text && JSON.parse(text)) as { key: string; api_key: { id: string } },
  }
}
const statusOf = async (key: string, service: ServiceProcess) => {
  const path = { [users.name]: '/api/v1/users', [orders.name]: '/api/v1/orders' }[service.name]
  return (await askWith(key, service, 'GET', path ?? '/api/v1/status/SG')).status
}

test('a key is made once and works everywhere, in outages too, until it is revoked: then nowhere', async () => {
  const scopes = ['users:list', 'users:read', 'users:write', 'orders:read', 'orders:write', 'numbers:read']
  const made = await administrate('POST', '', { name: 'shop', scopes })
  const { key, api_key } = made.body
  for (const service of [sequencer, users, orders])
    await eventually(
      () => statusOf(key, service),
      (status) => status === 200,
    )
  const user = { email: 'ada@example.com', name: 'Ada', age: 36 }
  const { body } = await askWith(key, users, 'POST', '/api/v1/users', user)
  const order = await askWith(key, orders, 'POST', '/api/v1/orders', orderOf(body.id as number))
  expect([order.status, order.body.order_number]).toEqual([201, expect.stringMatching(/^ORD-/)])
  expect((await askWith(key, sequencer, 'POST', '/api/v1/next/SG', {})).status).toBe(403)

  // Its owner is killed: a service that knows the key accepts it, and one that has just started answers 503.
  await sequencer.end('SIGKILL')
  await users.end()
  await users.start()
  expect([await statusOf(key, users), await statusOf(key, orders)]).toEqual([503, 200])
  expect([await statusOf('wrong', users), await statusOf(`${key}0`, users)]).toEqual([401, 401])
  await sequencer.start()
  await eventually(
    () => statusOf(key, users),
    (status) => status === 200,
  )

  const protos = loadProtos(`${root}/dist/apps/order-service`, 'orders.proto')
  const grpc = createGrpcClient(orders.grpcAt, protos, 'orders.OrderService')
  const listed = async () => (await grpc.call('ListOrders', {}, { metadata: { 'x-api-key': key } })).code
  expect(await listed()).toBe('OK')
  expect((await administrate('DELETE', `/${api_key.id}?reason=leaked`)).status).toBe(204)
  for (const service of [sequencer, users, orders])
    await eventually(
      () => statusOf(key, service),
      (status) => status === 401,
      // Promised within about three seconds: docs/operations/secure.md.
      15_000,
    )
  expect(await listed()).toBe('UNAUTHENTICATED')
  grpc.close()

  await users.end()
  const rows = await query<{ id: string }>(databases[2]!, 'SELECT id FROM api_key_uses')
  expect(rows).toEqual([{ id: api_key.id }])
  const logs = [sequencer, users, orders].map((service) => service.log()).join('')
  for (const text of [key.slice(-46), keyOf.users, keyOf.orders]) expect(logs.includes(text)).toBe(false)
})
