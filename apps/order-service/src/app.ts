import { PrismaPg } from '@prisma/adapter-pg'
import type { Pool } from 'pg'
import { followKeys } from '@ordinal/api-keys'
import { samePlace, withQueryTimeout } from '@ordinal/database'
import { createEvents, createOutbox } from '@ordinal/events'
import { grpcServer, guardCalls } from '@ordinal/grpc'
import { accessModeOf, certificatesOfCalls, guardRoutes } from '@ordinal/http'
import { createLogger } from '@ordinal/logging'
import { createMetrics } from '@ordinal/metrics'
import { registerBreakerMetrics } from '@ordinal/resilience'
import { createKeySweeper, createLeaseReturns } from '@ordinal/idempotency'
import { createCountFolder } from '@ordinal/list-totals'
import {
  createService,
  diagnosticsRoutes,
  migrateDatabase,
  openDatabase,
  openReadPools,
  traceService,
} from '@ordinal/service'
import { anyWebhook, createWebhooks, testEventSchema } from '@ordinal/webhooks'
import { orderAccess } from './access'
import { createSequencer } from './clients/sequencer'
import { createClients } from './clients/service-clients'
import { createUsers } from './clients/users'
import type { OrderServiceConfig } from './config'
import { createConfirmOrders } from './events/confirm-orders'
import { orderEventTypes } from './events/order-events'
import { eventRoutes } from './events/routes'
import { eventSettingsOf, isWanted } from './events/settings'
import { createOwnDiagnostics, ownDiagnostics } from './diagnostics'
import { errorTable } from './domain/errors'
import { PrismaClient } from './generated/prisma/client'
import { createNumberingMetrics, createUserMetrics } from './metrics'
import { createNumberConflicts } from './numbering/conflicts'
import { createNumbering } from './numbering/numbering'
import { createCommitAnswer } from './orders/answers'
import { orderEventSchemas } from './orders/event-schemas'
import { createFinishOrder } from './orders/finish-order'
import { orderService } from './orders/grpc'
import { createIntents } from './orders/intents'
import { createPlaceOrder } from './orders/place-order'
import { createOrderRepository } from './orders/repository'
import { orderRoutes } from './orders/routes'
import { createOrders } from './orders/service'

const source = 'urn:ordinal:order-service'
const databaseTimeoutMs = 5_000
// A scrape waits for it.
const metricTimeoutMs = 1_000

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
  const tracing = traceService('order-service', config, log)
  const metrics = createMetrics('order_service')
  const pool = openDatabase('order-service', config, { log, metrics })
  const pools = openReadPools('order-service', config, { log, metrics })
  const certificates = certificatesOfCalls(config, { log, metrics })
  const clients = createClients({ ...config, certificates }, log)
  const both = Object.values(clients)
  registerBreakerMetrics(metrics.registry, metrics.prefix, both)

  const users = createUsers(clients.userService, {
    memorySeconds: config.userMemorySeconds,
    metrics: createUserMetrics(metrics.registry),
    timeoutMs: config.callTimeoutMs,
    batching: config.batching,
  })
  const sequencer = createSequencer(clients.sequencer, {
    sequence: config.sequence,
    timeoutMs: config.callTimeoutMs,
    batching: config.batching,
  })
  // As long as the rest of a request may take: after that, the request that placed an order counts as crashed.
  const leaseMs = config.callTimeoutMs + databaseTimeoutMs
  const webhooks = createWebhooks({
    pool,
    settings: config,
    source,
    eventTypes: orderEventTypes,
    metrics,
    log,
    tracing,
  })
  const outbox = createOutbox({
    pool,
    source,
    isWanted: isWanted(config, webhooks),
    alsoWanted: anyWebhook,
  })
  const numberingMetrics = createNumberingMetrics(metrics.registry, withQueryTimeout(pool, metricTimeoutMs))
  const conflicts = createNumberConflicts({
    pool,
    outbox,
    metrics: numberingMetrics,
    log,
    databaseTimeoutMs,
  })
  const { batching } = config
  const numbers = { sequencer, conflicts, metrics: numberingMetrics }
  const shared = { pool, ...numbers, outbox, log, batching, leaseMs, databaseTimeoutMs }
  const leaseReturns = createLeaseReturns({ db: withQueryTimeout(pool, databaseTimeoutMs) })
  const intents = createIntents({ ...shared, leaseReturns })
  const commitAnswer = createCommitAnswer(shared)
  const finishOrder = createFinishOrder({ ...shared, intents, commitAnswer })
  const placeOrder = createPlaceOrder({ users, sequencer, intents, finishOrder })
  const repository = createOrderRepository(prismaOn(pool))
  const orders = createOrders({ ...shared, repository, readDb: pools.read, heavyDb: pools.heavy, users })
  const numbering = createNumbering({
    ...shared,
    tracing,
    intervalMs: config.numberingIntervalMs,
  })
  const calls = { orders, placeOrder }
  const access = { table: orderAccess, mode: accessModeOf(config) }
  const keySweeper = createKeySweeper({ pool, log, tracing, retentionDays: config.keyRetentionDays })
  const events = createEvents({
    name: 'order-service',
    settings: eventSettingsOf(config),
    pool,
    consumers: [...(config.autoConfirm ? [createConfirmOrders(shared)] : []), webhooks.consumer],
    tracing,
    metrics,
    log,
  })
  const diagnostics = diagnosticsRoutes({
    name: 'order-service',
    nodeEnv: config.nodeEnv,
    mode: access.mode,
    appFolder: __dirname,
    pool,
    pools,
    metrics,
    log,
    breakers: both,
    own: ownDiagnostics,
    readOwn: createOwnDiagnostics({ db: withQueryTimeout(pools.read, databaseTimeoutMs), events, webhooks }),
  })
  const follower = followKeys({ ...config, service: 'order-service', certificates }, log)

  return createService({
    name: 'order-service',
    description: 'Takes orders, and gets each its number.',
    http: config,
    tokens: config,
    managedKeys: follower?.known,
    errors: errorTable,
    log,
    metrics,
    tracing,
    pool,
    pools,
    routes: guardRoutes(
      [
        ...orderRoutes(calls),
        ...eventRoutes({ events, db: withQueryTimeout(pools.read, databaseTimeoutMs) }),
        ...webhooks.routes,
        ...diagnostics,
      ],
      access,
    ),
    eventSchemas: () => [...orderEventSchemas(), testEventSchema()],
    checks: both.map((client) => ({ name: client.name, required: false, check: () => client.state() })),
    background: [
      ...(follower ? [follower] : []),
      ...(certificates ? [certificates] : []),
      numbering,
      events,
      webhooks,
      keySweeper,
      leaseReturns,
      createCountFolder({ pool, log, tracing }),
    ],
    grpc: { port: config.grpcPort, serve: grpcServer([guardCalls(orderService(calls, __dirname), access)]) },
    close: () => both.forEach((client) => client.close()),
  })
}

/** The other formats quote the source: for each query that fails they read all of the bundle, which a flood waits for. */
const prismaOn = (pool: Pool) =>
  samePlace(new PrismaClient({ adapter: new PrismaPg(pool), errorFormat: 'minimal' }), pool)
