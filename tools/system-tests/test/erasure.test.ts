import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Redis } from 'ioredis'
import { SignJWT } from 'jose'
import { loadProtos } from '@ordinal/grpc'
import { createGrpcClient, everythingIn, startTestRedis, withRedis, type TestRedis } from '@ordinal/testing'
import { ask, createUser, eventually, orderOf, placeOrder, upTo } from '../src/calls'
import { query } from '../src/databases'
import { root } from '../src/service'
import { startSystem, type System } from '../src/system'

// A person like no other: whatever holds one of these texts, in any spelling, holds the person.
const [email, name] = ['Zuzanna.Quixote@mail.example', 'Zuzanna Quixote-Ölçer']
const traces = [
  'zuzanna',
  'quixote',
  Buffer.from(email).toString('base64'),
  Buffer.from(email).toString('hex'),
]

const secret = 'a secret of this test, and of nothing else'

/** As an administrator, which no key is. Returns the status. */
async function makeWebhook(orders: string, wanted: object): Promise<number> {
  const token = await new SignJWT({ sub: 'ada', role: 'admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('10 minutes')
    .sign(new TextEncoder().encode(secret))
  const answer = await fetch(`${orders}/api/v1/webhooks`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(wanted),
  })
  return answer.status
}

withRedis('a person in the whole system', () => {
  let redis: TestRedis
  let system: System
  let receiver: Receiver
  beforeAll(async () => {
    redis = await startTestRedis()
    receiver = await startReceiver()
    system = await startSystem({
      REDIS_URL: redis.url,
      JWT_SECRET: secret,
      ORDER_SERVICE_WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1',
      ORDER_SERVICE_WEBHOOK_PAUSES: '0.2',
    })
  })
  afterAll(async () => {
    await system.stop()
    await redis.remove()
    await receiver.stop()
  })

  /** All that there is, by where it is: the rows of the databases, the keys of Redis, the logs. */
  async function everything(): Promise<[where: string, text: string][]> {
    const { users, orders, sequencer, databases } = system
    return [
      ...(await Promise.all(
        Object.entries(databases).map(async ([of, { adminUrl }]): Promise<[string, string]> => [
          of,
          await everythingIn(adminUrl),
        ]),
      )),
      ['redis', await everythingInRedis(redis.url)],
      ['receiver of webhooks', receiver.got.join('\n')],
      ...[users, orders, sequencer].map((service): [string, string] => [service.name, service.log()]),
    ]
  }
  const deliveries = async (state: string) =>
    (
      await query(
        system.databases.orders,
        `SELECT FROM webhook_deliveries WHERE state = '${state}' AND event ->> 'type' LIKE 'order.%'`,
      )
    ).length
  const attempts = async () =>
    (await query(system.databases.orders, 'SELECT FROM webhook_attempts WHERE status = 500')).length
  const placesOf = async (texts: readonly string[]) =>
    (await everything())
      .filter(([, text]) => texts.some((each) => text.toLowerCase().includes(each.toLowerCase())))
      .map(([where]) => where)

  test('is in one database while it is kept, and nowhere once it is erased; orders and numbers stay whole', async () => {
    const created = await ask(
      system.users,
      'POST',
      '/api/v1/users',
      { email, name, age: 36 },
      { 'Idempotency-Key': 'sign-up-1' },
    )
    const userId = created.body.id as number
    // Deliveries that were made, and those that wait for their receiver, of before the erasure and after it.
    for (const path of ['taking', 'refusing']) {
      const wanted = { url: `${receiver.url}/${path}`, event_types: ['order.created', 'order.updated'] }
      expect(await makeWebhook(system.orders.url, wanted)).toBe(201)
    }
    // Whatever an order goes through, over REST and gRPC, and refusals that could quote the person.
    const placed = await Promise.all(
      upTo(5).map((nth) => placeOrder(system, userId, { 'Idempotency-Key': `o-${nth}` })),
    )
    const grpc = createGrpcClient(
      system.orders.grpcAt,
      loadProtos(`${root}/dist/apps/order-service`, 'orders.proto'),
      'orders.OrderService',
    )
    await grpc.call('CreateOrder', orderOf(userId), { metadata: { 'x-idempotency-key': 'g-1' } })
    await eventually(
      () => ask(system.orders, 'GET', `/api/v1/orders/${placed[0]!.body.id}`),
      ({ body }) => body.status === 'confirmed' && body.user?.email === email,
    )
    await ask(system.orders, 'PATCH', `/api/v1/orders/${placed[0]!.body.id}`, { status: 'shipped' })
    await ask(system.orders, 'DELETE', `/api/v1/orders/${placed[1]!.body.id}`)
    await ask(system.users, 'POST', '/api/v1/users', { email: email.toUpperCase(), name, age: 1 })
    await ask(system.users, 'PATCH', `/api/v1/users/${await createUser(system)}`, { email })
    await ask(system.users, 'GET', `/api/v1/users?search=${encodeURIComponent('Quixote')}`)
    await query(system.databases.users, 'ANALYZE users')
    await eventually(
      async () => [await deliveries('delivered'), await deliveries('waiting'), await attempts()],
      (counts) => counts.every((count) => count > 0),
    )
    expect(await placesOf(traces)).toEqual(['users'])

    // While more is placed and changed: each of these is answered, and leaves nothing behind.
    const [erased, again, ...others] = await Promise.all([
      ask(system.users, 'DELETE', `/api/v1/users/${userId}?erase=true`),
      ask(system.users, 'DELETE', `/api/v1/users/${userId}?erase=true`),
      ...upTo(5).map(() => placeOrder(system, userId)),
      ask(system.orders, 'PATCH', `/api/v1/orders/${placed[2]!.body.id}`, { status: 'cancelled' }),
      ask(system.users, 'PATCH', `/api/v1/users/${userId}`, { name: `${name} II` }),
    ])
    expect([erased.status, again.status]).toEqual([204, 204])
    for (const { status } of others) expect([200, 201, 404, 422]).toContain(status)

    // A replayed request and a replayed event bring nothing back.
    const retry = await ask(
      system.users,
      'POST',
      '/api/v1/users',
      { email, name, age: 36 },
      { 'Idempotency-Key': 'sign-up-1' },
    )
    expect([retry.status, retry.body.code]).toEqual([410, 'idempotency_key_erased'])
    const replayed = await placeOrder(system, userId, { 'Idempotency-Key': 'o-1' })
    expect([replayed.status, replayed.body]).toEqual([201, placed[0]!.body])
    expect((await placeOrder(system, userId)).body.code).toBe('user_unknown')
    await query(
      system.databases.orders,
      `UPDATE outbox SET delivered_at = NULL, deliver_after = now() WHERE event ->> 'type' = 'order.created'`,
    )
    await system.users.end('SIGKILL')
    await system.users.start()
    await eventually(
      async () =>
        (await query(system.databases.orders, 'SELECT FROM outbox WHERE delivered_at IS NULL')).length,
      (waiting) => waiting === 0,
    )
    await eventually(
      () => placesOf(traces),
      (places) => places.length === 0,
    )

    // There is something to look through, and it knows the person by their id.
    expect(await deliveries('waiting')).toBeGreaterThan(0)
    for (const text of receiver.got) expect(JSON.parse(text).data.user_id).toBe(userId)

    const order = await ask(system.orders, 'GET', `/api/v1/orders/${placed[0]!.body.id}`)
    expect([order.status, order.body.user_id, order.body.user]).toEqual([200, userId, null])
    for (const { body } of placed) {
      const number = await ask(system.sequencer, 'GET', `/api/v1/numbers/${body.order_number}`)
      expect([number.status, number.body.state]).toEqual([200, 'issued'])
    }
    const verified = await ask(system.sequencer, 'GET', '/api/v1/audit/verify')
    expect([verified.status, verified.body.findings ?? []]).toEqual([200, []])
    grpc.close()
  })
})

async function everythingInRedis(url: string): Promise<string> {
  const redis = new Redis(url)
  const read: Record<string, (key: string) => Promise<unknown>> = {
    string: (key) => redis.get(key),
    hash: (key) => redis.hgetall(key),
    list: (key) => redis.lrange(key, '0', '-1'),
    set: (key) => redis.smembers(key),
    zset: (key) => redis.zrange(key, '0', '-1'),
    stream: async (key) => [await redis.xrange(key, '-', '+'), await redis.xinfo('STREAM', key, 'FULL')],
  }
  const texts: string[] = []
  for (const key of await redis.keys('*'))
    texts.push(key, JSON.stringify(await read[await redis.type(key)]!(key)))
  redis.disconnect()
  return texts.join('\n')
}

type Receiver = Awaited<ReturnType<typeof startReceiver>>

/** A receiver of webhooks that keeps what it gets: at `/taking` it takes it, elsewhere it answers 500, and says what it got. */
async function startReceiver() {
  const got: string[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      got.push(body)
      if (request.url === '/taking') response.end()
      else response.writeHead(500).end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    got,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
