import { createHash } from 'node:crypto'
import type { TestPostgres } from '@ordinal/testing'
import { createDatabase, createDatabaseOn, type Detour, type ServiceDatabase } from './databases'
import { createService, prefixOf, serviceNames, type Environment, type ServiceProcess } from './service'

/** All services, each with a database of its own. */
export interface System {
  users: ServiceProcess
  orders: ServiceProcess
  sequencer: ServiceProcess
  /** All of services.json: these three, and others. */
  services: ServiceProcess[]
  databases: Record<'users' | 'orders' | 'sequencer', ServiceDatabase>
  stop(): Promise<void>
}

/** Who sends this key is known as `system-tests`, and is not rate limited. */
export const apiKey = 'the-key-of-the-system-tests'
export const API_KEYS = `system-tests:${createHash('sha256').update(apiKey).digest('hex')}`

/**
 * Starts the whole system.
 *
 * @param environment more variables, for all services
 * @param postgres a server that the test may kill; by default that of the jest run
 * @param detour a pooler in front of the server of the jest run; it is removed with the system
 */
export async function startSystem(
  environment: Environment = {},
  postgres?: TestPostgres,
  detour?: Detour,
): Promise<System> {
  const created = new Map(
    await Promise.all(
      serviceNames.map(async (name) => {
        const database = postgres ? createDatabaseOn(postgres, name) : createDatabase(name, detour)
        return [name, await database] as const
      }),
    ),
  )
  const databases = {
    users: created.get('user-service')!,
    orders: created.get('order-service')!,
    sequencer: created.get('sequencer')!,
  }
  const shared = { API_KEYS, ...environment }
  const users = await createService('user-service', { ...shared, ...databases.users.environment })
  const sequencer = await createService('sequencer', { ...shared, ...databases.sequencer.environment })
  const orders = await createService('order-service', {
    ...shared,
    ...databases.orders.environment,
    ORDER_SERVICE_USER_SERVICE_URL: users.url,
    ORDER_SERVICE_SEQUENCER_URL: sequencer.url,
    ORDER_SERVICE_API_KEY: apiKey,
  })
  const others = await Promise.all(
    serviceNames
      .filter((name) => !['user-service', 'order-service', 'sequencer'].includes(name))
      .map((name) =>
        createService(name, {
          ...shared,
          ...created.get(name)!.environment,
          [`${prefixOf(name)}_RATE_LIMIT`]: '0',
        }),
      ),
  )
  const services = [users, orders, sequencer, ...others]
  // The console comes from the sequencer, and calls the others.
  sequencer.configure({
    SEQUENCER_CONSOLE_USERS_URL: users.url,
    SEQUENCER_CONSOLE_ORDERS_URL: orders.url,
  })
  for (const other of [users, orders])
    other.configure({ CORS_ORIGINS: environment.CORS_ORIGINS ?? sequencer.url })

  async function stop(): Promise<void> {
    await Promise.all(services.map((service) => service.remove()))
    // It keeps connections to the databases.
    await detour?.pooler.remove()
    for (const database of created.values()) await database.drop()
  }
  try {
    await Promise.all(services.map((service) => service.start()))
  } catch (error) {
    await stop()
    throw error
  }
  return { users, orders, sequencer, services, databases, stop }
}
