export { soonAfterStart } from './at-start'
export {
  migrateDatabase,
  openDatabase,
  openReadPools,
  type DatabaseSettings,
  type MigrationSettings,
} from './database'
export { fromDatabase } from './database-errors'
export { diagnosticsRoutes } from './diagnostics'
export { runService } from './run'
export { createService, type ServiceOptions } from './service'
export { traceService } from './trace-service'
