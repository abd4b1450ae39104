import { parseConfig } from '@ordinal/config'
import { collectLog, createApiClient, createTestDatabase, createTestTemplate } from '@ordinal/testing'
import { createUserService, migrateUsers } from '../src/app'
import { userServiceConfig } from '../src/config'

export const configFor = (url: string, env: Record<string, string> = {}) =>
  parseConfig(userServiceConfig, {
    USER_SERVICE_DATABASE_URL: url,
    METRICS_MAX_AGE_MS: '0',
    USER_SERVICE_PORT: '0',
    USER_SERVICE_RATE_LIMIT: '0',
    ...env,
  })

/** A database with the users' schema. */
async function createUsersDatabase() {
  const template = await createTestTemplate('users', async ({ url }) => {
    await migrateUsers(configFor(url))
  })
  return createTestDatabase({ template })
}

/** A user service that takes requests on a free port. */
export async function startUserService(database: { url: string }, env: Record<string, string> = {}) {
  const logged = collectLog()
  const service = createUserService(configFor(database.url, env), logged.stream)
  const url = `http://127.0.0.1:${await service.start()}`
  return { service, logged, url, api: createApiClient({ url, document: service.openApi }) }
}

/** A user service on a database of its own, for the tests of a file. */
export async function setUp(env: Record<string, string> = {}) {
  const database = await createUsersDatabase()
  const running = await startUserService(database, env)
  let made = 0
  return {
    ...running,
    database,
    /** Creates a user who differs from all others, but for what is given. */
    async createUser(given: { email?: string; name?: string; age?: number } = {}) {
      made += 1
      const user = { email: `user${made}@example.com`, name: `User ${made}`, age: 30, ...given }
      const { status, body } = await running.api.post('/api/v1/users', user)
      if (status !== 201) throw new Error(`There is no user: ${JSON.stringify(body)}`)
      return body as { id: number; email: string; name: string; age: number; active: boolean }
    },
    async tearDown() {
      await running.service.stop()
      await database.drop()
    },
  }
}
