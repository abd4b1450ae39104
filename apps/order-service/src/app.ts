import { PrismaPg } from '@prisma/adapter-pg'
import { createEvents, createOutbox } from '@ordinal/events'
import { grpcServer } from '@ordinal/grpc'
import { createLogger } from '@ordinal/logging'
import { createMetrics } from '@ordinal/metrics'
import { registerBreakerMetrics } from '@ordinal/resilience'
import {
  createKeySweeper,
  createService,
  migrateDatabase,
  openDatabase,
  openReadPools,
} from '@ordinal/service'
import { createClients } from './clients'
import type { OrderServiceConfig } from './config'
import { createConfirmOrders } from './confirm-orders'
import { eventSettingsOf } from './event-settings'
import { PrismaClient } from './generated/prisma/client'
import { orderService } from './grpc'
import { orderRoutes } from './http'
import { createOrderMetrics, createUserMetrics } from './metrics'
import { createNumberConflicts } from './number-conflicts'
import { createNumbering } from './numbering'
import { createOrders } from './orders'
import { createPlaceOrder } from './place-order'
import { createReadOrders } from './read-orders'
import { createSequencer } from './sequencer'
import { createUsers } from './users'

const databaseTimeoutMs = 5_000

/** Brings the orders' database to the schema of this build. */
export const migrateOrders = (config: OrderServiceConfig) =>
  migrateDatabase(config, { service: 'ORDER_SERVICE', appFolder: __dirname })

/**
 * The order service, wired; its database is migrated.
 *
 * @param stream where the log goes; standard output by default
 */
export function createOrderService(config: OrderServiceConfig, stream?: NodeJS.WritableStream) {
  const log = createLogger({ service: 'order-service', level: config.logLevel, stream })
  const metrics = createMetrics('order_service')
  const pool = openDatabase('order-service', config, { log, metrics })
  const pools = openReadPools('order-service', config, { log, metrics })
  const heavyPrisma = new PrismaClient({ adapter: new PrismaPg(pools.heavy) })
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) })
  const clients = createClients(config, log)
  const both = Object.values(clients)
  registerBreakerMetrics(metrics.registry, metrics.prefix, both)

  const users = createUsers(clients.userService, {
    memorySeconds: config.userMemorySeconds,
    metrics: createUserMetrics(metrics.registry),
  })
  const sequencer = createSequencer(clients.sequencer, config.sequence)
  // As long as the rest of a request may take: after that, whoever placed an order is taken for dead.
  const leaseMs = config.callTimeoutMs + databaseTimeoutMs
  const outbox = createOutbox({ pool, source: 'urn:ordinal:order-service' })
  const orderMetrics = createOrderMetrics(metrics.registry, pool)
  const conflicts = createNumberConflicts({ pool, outbox, metrics: orderMetrics, log, databaseTimeoutMs })
  const shared = { pool, sequencer, conflicts, outbox, log, leaseMs, databaseTimeoutMs }
  const placeOrder = createPlaceOrder({ ...shared, users })
  const numbering = createNumbering({
    ...shared,
    metrics: orderMetrics,
    intervalMs: config.numberingIntervalMs,
  })
  const orders = createOrders({ ...shared, prisma, heavyPrisma })
  const readOrders = createReadOrders({ db: pools.heavy, orders, users })
  const calls = { orders, placeOrder, readOrders }
  const keySweeper = createKeySweeper({
    ...shared,
    retentionDays: config.keyRetentionDays,
    keptFrom: 'leased_until',
  })
  const events = createEvents({
    name: 'order-service',
    settings: eventSettingsOf(config),
    pool,
    consumers: config.autoConfirm ? [createConfirmOrders(shared)] : [],
    metrics,
    log,
  })

  return createService({
    name: 'order-service',
    description: 'Takes orders, and gets each its number.',
    http: config,
    log,
    metrics,
    pool,
    pools,
    routes: orderRoutes(calls),
    checks: both.map((client) => ({ name: client.name, required: false, check: () => client.state() })),
    background: [numbering, events, keySweeper],
    grpc: { port: config.grpcPort, serve: grpcServer([orderService(calls, __dirname)]) },
    close: () => both.forEach((client) => client.close()),
  })
}
