import { startTestPostgres } from './test-server'
import { serverVariables } from './server-variables'

/**
 * For jest's `globalSetup: '@ordinal/testing/global-setup'`: starts one PostgreSQL for the whole run, which
 * `createTestDatabase` uses, and which ends with the run even if that is killed. With
 * `globalTeardown: '@ordinal/testing/global-teardown'` the run also waits until it has ended.
 *
 * It runs with fsync on, as in production. TEST_POSTGRES_SETTINGS changes that and more: `fsync=off,work_mem=8MB`.
 */
export default async function startServerForRun(): Promise<void> {
  const server = await startTestPostgres({ max_connections: 200, ...chosenSettings() })
  process.env[serverVariables.adminUrl] = server.adminUrl
  process.env[serverVariables.dataFolder] = server.dataFolder
}

function chosenSettings(): Record<string, string> {
  const pairs = (process.env.TEST_POSTGRES_SETTINGS ?? '').split(',').filter(Boolean)
  return Object.fromEntries(pairs.map((pair) => pair.split('=', 2) as [string, string]))
}
