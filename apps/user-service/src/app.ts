import { PrismaPg } from '@prisma/adapter-pg'
import type { Pool } from 'pg'
import { followKeys } from '@ordinal/api-keys'
import { samePlace } from '@ordinal/database'
import { accessModeOf, certificatesOfCalls, guardRoutes } from '@ordinal/http'
import { createLogger } from '@ordinal/logging'
import { createMetrics } from '@ordinal/metrics'
import { createKeySweeper } from '@ordinal/idempotency'
import { createCountFolder } from '@ordinal/list-totals'
import {
  createService,
  diagnosticsRoutes,
  migrateDatabase,
  openDatabase,
  openReadPools,
  traceService,
} from '@ordinal/service'
import { userAccess } from './access'
import type { UserServiceConfig } from './config'
import { createUserEraser } from './erasure'
import { errorTable } from './errors'
import { PrismaClient } from './generated/prisma/client'
import { userRoutes } from './http'
import { createUserRepository } from './repository'
import { createSearchNotice, ensureSearchIndex } from './search-index'
import { createUsers } from './users'

/** Brings the users' database to the schema of this build, and builds the index of searches if it is missing. */
export async function migrateUsers(config: UserServiceConfig): Promise<void> {
  await migrateDatabase(config, { service: 'USER_SERVICE', appFolder: __dirname })
  await ensureSearchIndex(config, (line) => process.stderr.write(`${line}\n`))
}

/**
 * The user service, wired; its database is migrated.
 *
 * @param stream where the log goes; standard output by default
 */
export function createUserService(config: UserServiceConfig, stream?: NodeJS.WritableStream) {
  const log = createLogger({ service: 'user-service', level: config.logLevel, stream })
  const tracing = traceService('user-service', config, log)
  const metrics = createMetrics('user_service')
  const pool = openDatabase('user-service', config, { log, metrics })
  const pools = openReadPools('user-service', config, { log, metrics })
  const users = createUsers({
    repository: createUserRepository(prismaOn(pool)),
    pool,
    poolSize: config.dbPoolSize,
    heavyDb: pools.heavy,
  })
  const certificates = certificatesOfCalls(config, { log, metrics })
  const follower = followKeys({ ...config, service: 'user-service', certificates }, log)
  const mode = accessModeOf(config)
  const diagnostics = diagnosticsRoutes({
    name: 'user-service',
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

  return createService({
    name: 'user-service',
    description: 'Keeps users.',
    http: config,
    tokens: config,
    managedKeys: follower?.known,
    errors: errorTable,
    log,
    metrics,
    tracing,
    pool,
    pools,
    routes: guardRoutes([...userRoutes(users), ...diagnostics], { table: userAccess, mode }),
    background: [
      ...(certificates ? [certificates] : []),
      ...(follower ? [follower] : []),
      createKeySweeper({ pool, log, tracing, retentionDays: config.keyRetentionDays }),
      createUserEraser({ pool, log, tracing, retentionDays: config.deletedUserDays }),
      createCountFolder({ pool, log, tracing }),
      createSearchNotice(pool, log),
    ],
  })
}

/** The other formats quote the source: for each query that fails they read all of the bundle, which a flood waits for. */
const prismaOn = (pool: Pool) =>
  samePlace(new PrismaClient({ adapter: new PrismaPg(pool), errorFormat: 'minimal' }), pool)
