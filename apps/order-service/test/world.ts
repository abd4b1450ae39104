import { setTimeout as delay } from 'node:timers/promises'
import { Pool } from 'pg'
import { parseConfig } from '@ordinal/config'
import { fingerprintOf } from '@ordinal/idempotency'
import {
  collectLog,
  createApiClient,
  createTestDatabase,
  createTestTemplate,
  documentOf,
} from '@ordinal/testing'
import { createOrderService, migrateOrders } from '../src/app'
import { orderServiceConfig } from '../src/config'
import { startSequencer, startUserService } from './stub-services'

export { until } from '@ordinal/testing'

export type World = Awaited<ReturnType<typeof createWorld>>
export type Instance = Awaited<ReturnType<World['startService']>>

/** For tests of answers that do not come, which wait for the end of each call. */
export const shortCalls = { ORDER_SERVICE_CALL_TIMEOUT_MS: '500' }

/** For tests that hold an answer back, which a pause of a busy machine must not end. */
export const longCalls = { ORDER_SERVICE_CALL_TIMEOUT_MS: '30000' }

export const anOrder = { user_id: 1, product_id: 'PROD-123', quantity: 2, total_price: 99.99 }

/** Brings a database to the schema of this build. */
export const migrateToLatest = (url: string) =>
  migrateOrders(parseConfig(orderServiceConfig, { ORDER_SERVICE_DATABASE_URL: url }))

/**
 * A database of its own, the two services that an order service calls, and as many order services as are started.
 *
 * @param schema the name of the schema that the database has, and what brings one to it; that of this build by default
 */
export async function createWorld(
  schema = { name: 'order_service', migrate: migrateToLatest as (url: string) => Promise<unknown> },
) {
  const template = await createTestTemplate(schema.name, async ({ url }) => {
    await schema.migrate(url)
  })
  const database = await createTestDatabase({ template })
  const [userService, sequencer] = await Promise.all([startUserService(), startSequencer()])
  const pool = new Pool({ connectionString: database.adminUrl, max: 4 })
  const services: { stop(): Promise<void> }[] = []

  /** The environment of an order service in this world. */
  const env = {
    METRICS_MAX_AGE_MS: '0',
    ORDER_SERVICE_DATABASE_URL: database.url,
    ORDER_SERVICE_USER_SERVICE_URL: userService.url,
    ORDER_SERVICE_SEQUENCER_URL: sequencer.url,
    ORDER_SERVICE_RATE_LIMIT: '0',
    // Answers that are not there in time are of tests that say so: a busy machine may pause for a second.
    ORDER_SERVICE_CALL_TIMEOUT_MS: '5000',
    // What a test changes by itself stays as it is.
    ORDER_SERVICE_AUTO_CONFIRM: 'false',
  }

  async function startService(more: Record<string, string> = {}) {
    const config = parseConfig(orderServiceConfig, { ...env, ...more })
    const log = collectLog()
    const service = createOrderService({ ...config, port: 0, grpcPort: 0 }, log.stream)
    services.push(service)
    const url = `http://127.0.0.1:${await service.start()}`
    const api = createApiClient({ url, document: documentOf(more, service) })
    return {
      url,
      grpcPort: service.grpcPort!,
      openApi: service.openApi,
      api,
      log,
      stop: () => service.stop(),
      /** The value of a metric, such as `order_service_circuit_breaker_state{service="sequencer"}`. */
      async metric(series: string): Promise<number> {
        const { body } = await api.get('/metrics')
        const line = String(body)
          .split('\n')
          .find((line) => line.startsWith(`${series} `))
        return Number(line?.slice(series.length + 1))
      },
    }
  }

  return {
    database,
    userService,
    sequencer,
    env,
    startService,
    query: async <R extends object>(sql: string, values: unknown[] = []) =>
      (await pool.query<R>(sql, values)).rows,
    /** Ends everything; fails if a service has left a connection open. */
    async end(): Promise<void> {
      await Promise.all(services.map((service) => service.stop()))
      await Promise.all([userService.stop(), sequencer.stop()])
      await pool.end()
      await database.drop()
    },
  }
}

/**
 * An order without a number, as a process leaves it that crashes between its commit and the sequencer's answer.
 *
 * @param left.leasedSeconds how long it still belongs to the crashed process
 * @param left.key the Idempotency-Key with which `anOrder` was asked for
 */
export async function leaveOrder(
  { query }: World,
  { leasedSeconds = 0, key }: { leasedSeconds?: number; key?: string } = {},
): Promise<{ id: number; reference: string }> {
  const [row] = await query<{ id: string; reference: string }>(
    `INSERT INTO orders (reference, user_id, product_id, quantity, total_price, numbering_after)
     VALUES (gen_random_uuid(), 1, 'PROD-123', 2, 99.99, now() + $1 * interval '1 s') RETURNING id, reference`,
    [leasedSeconds],
  )
  if (key !== undefined) {
    const fingerprint = fingerprintOf({ userId: 1, productId: 'PROD-123', quantity: 2, totalPrice: 99.99 })
    await query(
      `INSERT INTO idempotency_records (caller, key, fingerprint, resource_id, leased_until)
       VALUES ('anonymous', $1, $2, $3, now() + $4 * interval '1 s')`,
      [key, fingerprint, row!.id, leasedSeconds],
    )
  }
  return { id: Number(row!.id), reference: row!.reference }
}

/** The promise that orders and numbers match: each order has one number, and each number its order; none is missing. */
export async function expectNumbersToMatch({ query, sequencer }: World): Promise<void> {
  const orders = await query<{ reference: string; order_number: string | null }>(
    'SELECT reference, order_number FROM orders',
  )
  const held = orders.map(({ reference, order_number }) => [reference, order_number])
  const issued = [...sequencer.issued].map(([key, { number }]) => [key, number])
  expect(held.sort()).toEqual(issued.sort())
  const values = issued.map(([, number]) => Number(number!.slice(4))).sort((a, b) => a - b)
  expect(values).toEqual(values.map((_, index) => index + 1))
}

/** What comes within so many ms in one of five times: a busy machine may pause for longer in each other. */
export async function soonest<T>(withinMs: number, ask: () => Promise<T>): Promise<T> {
  for (let left = 4; ; left -= 1) {
    const startedAt = performance.now()
    const answer = await ask()
    const tookMs = performance.now() - startedAt
    if (tookMs < withinMs) return answer
    if (left === 0) throw new Error(`Not within ${withinMs} ms, but after ${Math.round(tookMs)}`)
  }
}

/**
 * Looks until a condition holds, for so many seconds of a machine that goes on: it counts looks, a hundred a second at
 * most, since seconds pass while a busy one pauses.
 */
export async function holdsInTime(seconds: number, look: () => Promise<boolean>): Promise<boolean> {
  for (let looksLeft = seconds * 100; looksLeft > 0; looksLeft -= 1) {
    if (await look()) return true
    await delay(10)
  }
  return false
}

/** The orders that have no number, by a look into the database. */
export const countUnnumbered = async ({ query }: World): Promise<number> => {
  const [row] = await query<{ count: string }>('SELECT count(*) FROM orders WHERE order_number IS NULL')
  return Number(row!.count)
}
