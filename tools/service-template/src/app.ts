import { PrismaPg } from '@prisma/adapter-pg'
import type { Pool } from 'pg'
import { followKeys } from '@ordinal/api-keys'
import { samePlace, withQueryTimeout } from '@ordinal/database'
import { accessModeOf, certificatesOfCalls, guardRoutes } from '@ordinal/http'
import { createKeySweeper } from '@ordinal/idempotency'
import { createLogger } from '@ordinal/logging'
import { createMetrics } from '@ordinal/metrics'
import {
  createService,
  diagnosticsRoutes,
  migrateDatabase,
  openDatabase,
  openReadPools,
  traceService,
} from '@ordinal/service'
import { sampleServiceAccess } from './access'
import type { SampleServiceConfig } from './config'
import { createDemoWidgetRepository } from './demo-widgets/repository'
import { demoWidgetRoutes } from './demo-widgets/routes'
import { createDemoWidgets } from './demo-widgets/service'
import { errorTable } from './domain/errors'
import { PrismaClient } from './generated/prisma/client'
import { createSampleServiceMetrics } from './metrics'

// A scrape waits for it.
const metricTimeoutMs = 1_000

/** Brings the database to the schema of this build. */
export const migrateSampleService = (config: SampleServiceConfig): Promise<void> =>
  migrateDatabase(config, { service: 'SAMPLE_SERVICE', appFolder: __dirname })

/**
 * The sample service, wired; its database is migrated.
 *
 * @param stream where the log goes; standard output by default
 */
export function createSampleService(config: SampleServiceConfig, stream?: NodeJS.WritableStream) {
  const log = createLogger({ service: 'sample-service', level: config.logLevel, stream })
  const tracing = traceService('sample-service', config, log)
  const metrics = createMetrics('sample_service')
  const pool = openDatabase('sample-service', config, { log, metrics })
  const pools = openReadPools('sample-service', config, { log, metrics })
  const prisma = prismaOn(pool)
  const { created } = createSampleServiceMetrics(metrics.registry, withQueryTimeout(pool, metricTimeoutMs))
  const certificates = certificatesOfCalls(config, { log, metrics })
  const follower = followKeys({ ...config, service: 'sample-service', certificates }, log)

  const demoWidgets = createDemoWidgets({
    repository: createDemoWidgetRepository(prisma),
    pool,
    heavyDb: pools.heavy,
    created,
  })
  const mode = accessModeOf(config)
  const diagnostics = diagnosticsRoutes({
    name: 'sample-service',
    nodeEnv: config.nodeEnv,
    mode,
    appFolder: __dirname,
    pool,
    pools,
    metrics,
    log,
    own: {},
    readOwn: () => Promise.resolve({}),
  })
  const routes = [...demoWidgetRoutes(demoWidgets), ...diagnostics]

  return createService({
    name: 'sample-service',
    description: 'Keeps demo widgets.',
    http: config,
    tokens: config,
    managedKeys: follower?.known,
    errors: errorTable,
    log,
    metrics,
    tracing,
    pool,
    pools,
    routes: guardRoutes(routes, { table: sampleServiceAccess, mode }),
    background: [
      ...(certificates ? [certificates] : []),
      ...(follower ? [follower] : []),
      createKeySweeper({ pool, log, retentionDays: config.keyRetentionDays }),
    ],
  })
}

/** The other formats quote the source: for each query that fails they read all of the bundle, which a flood waits for. */
const prismaOn = (pool: Pool) =>
  samePlace(new PrismaClient({ adapter: new PrismaPg(pool), errorFormat: 'minimal' }), pool)
