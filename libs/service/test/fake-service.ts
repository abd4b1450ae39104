import { createLogger } from '@ordinal/logging'
import { createMetrics } from '@ordinal/metrics'
import { collectLog, createApiClient } from '@ordinal/testing'
import type { HttpSettings } from '@ordinal/http'
import { createService, openDatabase, type ServiceOptions } from '../src'
import { fakeErrors, fakeRoutes } from './fake-routes'

const http: HttpSettings = {
  host: '127.0.0.1',
  port: 0,
  debugPort: undefined,
  debugHost: '127.0.0.1',
  rateLimit: 0,
  redisUrl: undefined,
  bodyLimitBytes: 2_048,
  allowedHosts: undefined,
  corsOrigins: undefined,
  connectionsPerClient: 0,
  unreadTimeoutMs: 30_000,
  trustProxy: 0,
  basePath: undefined,
  apiKeys: undefined,
  metricsMaxAgeMs: 0,
  shutdownTimeoutMs: 10_000,
  shutdownDrainMs: 0,
}

/** A service with routes of every kind, on a database of the tests; it listens on a free port. */
export async function startFakeService(
  databaseUrl: string,
  settings: Partial<HttpSettings> = {},
  parts: Pick<ServiceOptions, 'checks' | 'background' | 'close' | 'tokens'> = {},
) {
  const logged = collectLog()
  const log = createLogger({ service: 'fake-service', level: 'info', stream: logged.stream })
  const metrics = createMetrics('fake_service')
  const pool = openDatabase('fake-service', { ...database, databaseUrl }, { log, metrics })
  const service = createService({
    name: 'fake-service',
    description: 'Stands for any service.',
    http: { ...http, ...settings },
    log,
    metrics,
    pool,
    errors: fakeErrors,
    routes: fakeRoutes(pool),
    ...parts,
  })
  const port = await service.start()
  const url = `http://127.0.0.1:${port}`
  return { service, port, url, pool, logged, api: createApiClient({ url, document: service.openApi }) }
}

// Only the URL counts, where there is one.
const database = {
  dbHost: '',
  dbPort: 0,
  dbUser: '',
  dbPassword: '',
  dbName: '',
  dbPoolSize: 4,
  dbReadPoolSize: 4,
  dbHeavyPoolSize: 2,
  dbPooler: 'auto' as const,
}
