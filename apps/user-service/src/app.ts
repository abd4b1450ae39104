import { PrismaPg } from '@prisma/adapter-pg'
import { createLogger } from '@ordinal/logging'
import { createMetrics } from '@ordinal/metrics'
import {
  createKeySweeper,
  createService,
  migrateDatabase,
  openDatabase,
  openReadPools,
} from '@ordinal/service'
import type { UserServiceConfig } from './config'
import { PrismaClient } from './generated/prisma/client'
import { userRoutes } from './http'
import { createUsers } from './users'

/** Brings the users' database to the schema of this build. */
export const migrateUsers = (config: UserServiceConfig) =>
  migrateDatabase(config, { service: 'USER_SERVICE', appFolder: __dirname })

/**
 * The user service, wired; its database is migrated.
 *
 * @param stream where the log goes; standard output by default
 */
export function createUserService(config: UserServiceConfig, stream?: NodeJS.WritableStream) {
  const log = createLogger({ service: 'user-service', level: config.logLevel, stream })
  const metrics = createMetrics('user_service')
  const pool = openDatabase('user-service', config, { log, metrics })
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) })
  const pools = openReadPools('user-service', config, { log, metrics })
  const heavyPrisma = new PrismaClient({ adapter: new PrismaPg(pools.heavy) })
  const users = createUsers({ prisma, heavyPrisma, pool })

  return createService({
    name: 'user-service',
    description: 'Keeps users.',
    http: config,
    log,
    metrics,
    pool,
    pools,
    routes: userRoutes(users),
    background: [
      createKeySweeper({ pool, log, retentionDays: config.keyRetentionDays, keptFrom: 'created_at' }),
    ],
  })
}
