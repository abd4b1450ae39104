import { createHash } from 'node:crypto'
import { Client } from 'pg'
import { createTestDatabase, createTestRole, type TestDatabase } from '@ordinal/testing'
import { createService, type ServiceProcess } from './service'

/** The three services, each with a database of its own. */
export interface System {
  users: ServiceProcess
  orders: ServiceProcess
  sequencer: ServiceProcess
  databases: Record<'users' | 'orders' | 'sequencer', { adminUrl: string }>
  stop(): Promise<void>
}

// Callers with this key are known, and not rate limited.
export const apiKey = 'the-key-of-the-system-tests'
const digest = createHash('sha256').update(apiKey).digest('hex')
const API_KEYS = `system-tests:${digest}`

/**
 * Starts the three services on databases of their own.
 *
 * @param environment more variables for all of them
 */
export async function startSystem(environment: Record<string, string> = {}): Promise<System> {
  const [userDatabase, orderDatabase, sequencerDatabase] = await Promise.all([
    createTestDatabase(),
    createTestDatabase(),
    createTestDatabase(),
  ])
  const { url: runtimeUrl } = await createTestRole(sequencerDatabase)
  const services = await defineServices(
    {
      users: userDatabase.url,
      orders: orderDatabase.url,
      sequencer: runtimeUrl,
      sequencerOwner: sequencerDatabase.url,
    },
    environment,
  )
  const all = [services.users, services.orders, services.sequencer]
  await Promise.all(all.map((service) => service.start()))
  const databases: TestDatabase[] = [userDatabase, orderDatabase, sequencerDatabase]
  return {
    ...services,
    databases: { users: userDatabase, orders: orderDatabase, sequencer: sequencerDatabase },
    async stop() {
      for (const service of all) service.thaw()
      await Promise.all(all.map((service) => service.end()))
      for (const database of databases) await database.drop()
    },
  }
}

/** The three services as processes that are not started yet. */
export async function defineServices(
  urls: Record<'users' | 'orders' | 'sequencer' | 'sequencerOwner', string>,
  environment: Record<string, string> = {},
) {
  const shared = { API_KEYS, ...environment }
  const users = await createService('user-service', { ...shared, USER_SERVICE_DATABASE_URL: urls.users })
  const sequencer = await createService('sequencer', {
    ...shared,
    SEQUENCER_DATABASE_URL: urls.sequencer,
    SEQUENCER_MIGRATION_DATABASE_URL: urls.sequencerOwner,
  })
  const orders = await createService('order-service', {
    ...shared,
    ORDER_SERVICE_DATABASE_URL: urls.orders,
    ORDER_SERVICE_USER_SERVICE_URL: users.url,
    ORDER_SERVICE_SEQUENCER_URL: sequencer.url,
    ORDER_SERVICE_API_KEY: apiKey,
  })
  return { users, orders, sequencer }
}

export interface Answer {
  status: number
  headers: Headers
  // Whatever JSON the service answered; the tests of the services check it against their OpenAPI documents.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any
  ms: number
}

/** Asks a service, as a caller with an API key. */
export async function ask(
  service: { url: string },
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const startedAt = performance.now()
  const answer = await fetch(service.url + path, {
    method,
    headers: {
      'X-API-Key': apiKey,
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  const isJson = answer.headers.get('content-type')?.includes('json')
  return {
    status: answer.status,
    headers: answer.headers,
    body: isJson ? JSON.parse(text) : text,
    ms: performance.now() - startedAt,
  }
}

export async function createUser({ users }: System): Promise<number> {
  const email = `ada-${Math.random().toString(36).slice(2)}@example.com`
  const { status, body } = await ask(users, 'POST', '/api/v1/users', { email, name: 'Ada', age: 36 })
  if (status !== 201) throw new Error(`no user: ${JSON.stringify(body)}`)
  return body.id as number
}

export const orderOf = (userId: number) => ({
  user_id: userId,
  product_id: 'PROD-123',
  quantity: 2,
  total_price: 99.99,
})

export const placeOrder = ({ orders }: System, userId: number, headers?: Record<string, string>) =>
  ask(orders, 'POST', '/api/v1/orders', orderOf(userId), headers)

export async function query<R extends object>({ adminUrl }: { adminUrl: string }, sql: string): Promise<R[]> {
  const admin = new Client(adminUrl)
  await admin.connect()
  try {
    return (await admin.query<R>(sql)).rows
  } finally {
    await admin.end()
  }
}

/** 1, 2, 3, up to n. */
export const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1)

/** The value at the end of a number such as ORD-2026-000042. */
export const valueOf = (number: string) => Number(/-(\d+)$/.exec(number)?.[1])

/** The value of a metric, by the beginning of its line. */
export async function metric(service: { url: string }, line: string): Promise<number> {
  const { body } = await ask(service, 'GET', '/metrics')
  const found = String(body)
    .split('\n')
    .find((text) => text.startsWith(line))
  return Number(found?.slice(line.length))
}

/** Waits until something holds, and fails with the last it saw if that takes too long. */
export async function eventually<T>(
  look: () => Promise<T>,
  holds: (seen: T) => boolean,
  withinMs: number,
): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (Date.now() > deadline)
      throw new Error(`not within ${withinMs} ms; last seen: ${JSON.stringify(seen)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
