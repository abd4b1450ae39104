import { parseConfig } from '@ordinal/config'
import { collectLog, createApiClient, createTestDatabase, createTestTemplate } from '@ordinal/testing'
import { createSampleService, migrateSampleService } from '../src/app'
import { sampleServiceConfig } from '../src/config'

export const configFor = (url: string, env: Record<string, string> = {}) =>
  parseConfig(sampleServiceConfig, {
    SAMPLE_SERVICE_DATABASE_URL: url,
    METRICS_MAX_AGE_MS: '0',
    SAMPLE_SERVICE_PORT: '0',
    SAMPLE_SERVICE_RATE_LIMIT: '0',
    ...env,
  })

/** A service that takes requests on a free port. */
export async function startSampleService(database: { url: string }, env: Record<string, string> = {}) {
  const logged = collectLog()
  const service = createSampleService(configFor(database.url, env), logged.stream)
  const url = `http://127.0.0.1:${await service.start()}`
  return { service, logged, url, api: createApiClient({ url, document: service.openApi }) }
}

/** A service on a database of its own, for the tests of a file. Its API client compares each answer with the document. */
export async function setUp(env: Record<string, string> = {}) {
  const template = await createTestTemplate('sample-service', ({ url }) =>
    migrateSampleService(configFor(url)),
  )
  const database = await createTestDatabase({ template })
  const running = await startSampleService(database, env)
  return {
    ...running,
    database,
    async tearDown() {
      await running.service.stop()
      await database.drop()
    },
  }
}
